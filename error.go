package muster

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Kind classifies an Error. Each kind has one HTTP status.
type Kind uint8

// The kinds of errors.
const (
	Internal        Kind = iota // a bug or failure of the server: 500
	Invalid                     // the request is invalid: 400
	Unauthenticated             // no session, or a failed login: 401
	Forbidden                   // permission denied: 403
	NotFound                    // not found, or not visible to the caller: 404
	Conflict                    // the request conflicts with the current state: 409
	TooLarge                    // a body or a picture exceeds its limit: 413
	RateLimited                 // too many requests: 429
	Unimplemented               // not implemented: 501
	Unavailable                 // overloaded or shutting down: 503
	StorageFull                 // out of disk space: 507 (RFC 4918, section 11.5)
)

var kindStatus = [...]int{
	Internal: 500, Invalid: 400, Unauthenticated: 401, Forbidden: 403, NotFound: 404, Conflict: 409,
	TooLarge: 413, RateLimited: 429, Unimplemented: 501, Unavailable: 503, StorageFull: 507,
}

// Status returns the kind's HTTP status code.
func (k Kind) Status() int {
	if int(k) < len(kindStatus) {
		return kindStatus[k]
	}
	return 500
}

// Fault reports whether the error is caused by the server's state and so says nothing about the request.
func (k Kind) Fault() bool { return k == Internal || k == Unavailable || k == StorageFull }

// Error is the only type of error that is sent to clients. They get its stable id and the message for it. Cause is only logged.
type Error struct {
	Kind   Kind
	ID     string            // stable; docs/errors.md lists all
	Params map[string]string // values for the {name} placeholders of the message
	Field  string            // API name of the invalid field, or ""
	Cause  error

	RetryAfter time.Duration // time after which to retry; 0 if unknown
}

// E returns an Error. args are an optional cause (an error), and pairs of a placeholder's name and its value.
func E(kind Kind, id string, args ...any) *Error {
	e := &Error{Kind: kind, ID: id}
	for i := 0; i < len(args); i++ {
		switch a := args[i].(type) {
		case nil:
		case error:
			e.Cause = a
		case string:
			if i+1 < len(args) {
				if e.Params == nil {
					e.Params = map[string]string{}
				}
				e.Params[a] = fmt.Sprint(args[i+1])
				i++
			}
		}
	}
	return e
}

// InvalidParam returns the error for an invalid field of a body or query. Its kind is Invalid.
func InvalidParam(name string, cause ...error) *Error {
	return E(Invalid, "api.context.invalid_body_param.app_error", "Name", name, errors.Join(cause...)).On(name)
}

// InvalidURLParam returns the error for an invalid path or query parameter. Its kind is Invalid.
func InvalidURLParam(name string) *Error {
	return E(Invalid, "api.context.invalid_url_param.app_error", "Name", name)
}

// RetryAfterSeconds returns RetryAfter in seconds, rounded up, for a Retry-After header (RFC 9110, section 10.2.3). It returns "" if
// RetryAfter is 0.
func (e *Error) RetryAfterSeconds() string {
	if e.RetryAfter <= 0 {
		return ""
	}
	return strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10)
}

// On returns a copy of the error with the given Field.
func (e *Error) On(field string) *Error {
	on := *e
	on.Field = field
	return &on
}

// After returns a copy of the error with the given RetryAfter.
func (e *Error) After(wait time.Duration) *Error {
	later := *e
	later.RetryAfter = wait
	return &later
}

func (e *Error) Error() string {
	s := e.ID
	if len(e.Params) > 0 {
		s += fmt.Sprint(e.Params)
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

// AsError returns the Error in err's chain or, if there is none, an Error of kind Internal with err as its cause.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return E(Internal, "api.context.internal.app_error", err)
}

// IsKind reports whether the Error in err's chain is of the given kind.
func IsKind(err error, k Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == k
}

// HasID reports whether the Error in err's chain has the given id.
func HasID(err error, id string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.ID == id
}
