package muster

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Kind classes an Error by what the caller can do about it; the edge maps each kind to one HTTP status.
type Kind uint8

// The kinds of errors.
const (
	Internal        Kind = iota // ours to mend: 500
	Invalid                     // the request is wrong as it stands: 400
	Unauthenticated             // no session, or a refused sign-in: 401
	Forbidden                   // a session without the right: 403
	NotFound                    // no such thing, or none that this caller may know of: 404
	Conflict                    // the thing's owner elsewhere forbids it: 409
	TooLarge                    // a body or a picture over its limit: 413
	RateLimited                 // asked too often: 429
	Unimplemented               // a form of the request that nobody serves: 501
	Unavailable                 // busy or shutting down: 503
	StorageFull                 // no room to keep it: 507 (RFC 4918, 11.5)
)

var kindStatus = [...]int{
	Internal: 500, Invalid: 400, Unauthenticated: 401, Forbidden: 403, NotFound: 404, Conflict: 409,
	TooLarge: 413, RateLimited: 429, Unimplemented: 501, Unavailable: 503, StorageFull: 507,
}

// Status is the kind's HTTP status code.
func (k Kind) Status() int {
	if int(k) < len(kindStatus) {
		return kindStatus[k]
	}
	return 500
}

// Fault reports whether the server's state decided, and not the request: what such an error says of the request is nothing.
func (k Kind) Fault() bool { return k == Internal || k == Unavailable || k == StorageFull }

// Error is the one error type that reaches a client: a stable id of the protocol, never the cause.
// The cause is for the log alone.
type Error struct {
	Kind   Kind
	ID     string            // stable, from the catalogue (docs/errors.md)
	Params map[string]string // fill the {name} places of the catalogue's message
	Field  string            // the request's field at fault, by its API name; "" for none
	Cause  error

	RetryAfter time.Duration // when it is worth asking again, 0 where that is not known
}

// E makes an Error. args are an optional cause (an error) and key, value strings for the message.
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

// InvalidParam is the refusal of a body or query field by its name.
func InvalidParam(name string, cause ...error) *Error {
	return E(Invalid, "api.context.invalid_body_param.app_error", "Name", name, errors.Join(cause...)).On(name)
}

// InvalidURLParam is the refusal of a path or query parameter by its name.
func InvalidURLParam(name string) *Error {
	return E(Invalid, "api.context.invalid_url_param.app_error", "Name", name)
}

// RetryAfterSeconds returns the value of the answer's Retry-After header (RFC 9110, 10.2.3), "" for none.
func (e *Error) RetryAfterSeconds() string {
	if e.RetryAfter <= 0 {
		return ""
	}
	return strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10)
}

// On returns the error with the field of the request that is at fault.
func (e *Error) On(field string) *Error {
	on := *e
	on.Field = field
	return &on
}

// After returns the error with the time after which it is worth asking again.
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

// AsError finds the Error in err's chain; anything else becomes an Internal one with err as its cause.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return E(Internal, "api.context.internal.app_error", err)
}

// IsKind tells whether err is an Error of that kind.
func IsKind(err error, k Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == k
}

// HasID tells whether err is an Error with that id.
func HasID(err error, id string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.ID == id
}
