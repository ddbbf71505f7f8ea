package httpx

import (
	"context"

	"muster"
	"muster/internal/app"
)

const connectionLost = "api.context.connection_lost.app_error"

// Failure returns the error that answers a request whose handling failed with err. ctx is the request's.
func Failure(ctx context.Context, err error) *muster.Error {
	e := muster.AsError(err)
	switch {
	case e.Kind != muster.Internal:
		return e
	case ctx.Err() != nil: // net/http cancels it when nothing more can be read: the client left, or closed its half of the connection
		return muster.E(muster.Invalid, connectionLost, err)
	case app.BadText(err):
		return muster.InvalidParam("text", err)
	}
	return e
}
