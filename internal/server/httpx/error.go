package httpx

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"muster"
	"muster/internal/core"
	"muster/internal/message"
)

const connectionLost = "api.context.connection_lost.app_error"

// asError returns the error that answers a request whose handling failed with err. ctx is the request's.
func asError(ctx context.Context, err error) *muster.Error {
	e := muster.AsError(err)
	switch {
	case e.Kind != muster.Internal:
		return e
	case ctx.Err() != nil: // net/http cancels it when nothing more can be read: the client left, or closed its half of the connection
		return muster.E(muster.Invalid, connectionLost, err)
	case core.IsUnstorable(err):
		return muster.InvalidParam("text", err)
	}
	return e
}

// ErrorBody is the protocol's error object (models.json, AppError).
type ErrorBody struct {
	ID            string `json:"id"`
	Message       string `json:"message"`
	DetailedError string `json:"detailed_error"`
	RequestID     string `json:"request_id,omitempty"`
	StatusCode    int    `json:"status_code"`
}

// NewErrorBody returns the error object of e, which has no detail unless the caller adds one.
func NewErrorBody(e *muster.Error, requestID string) *ErrorBody {
	return &ErrorBody{ID: e.ID, Message: message.Of(e), RequestID: requestID, StatusCode: e.Kind.Status()}
}

// WriteError answers with an error object.
func WriteError(w http.ResponseWriter, body *ErrorBody) {
	text, err := json.Marshal(body)
	if err != nil {
		text = []byte("{}") // five plain fields always encode
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(body.StatusCode)
	_, _ = w.Write(text) // the client may have left
}

// SetRetryAfter sets Retry-After if it is known when the client may try again.
func SetRetryAfter(h http.Header, e *muster.Error) {
	if after := e.RetryAfterSeconds(); after != "" {
		h.Set("Retry-After", after)
	}
}
