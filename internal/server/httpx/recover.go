package httpx

import (
	"log/slog"
	"net/http"
	"runtime/debug"

	"muster"
)

// LogPanic logs a recovered panic with its stack. attrs are further attributes of the line.
func LogPanic(log *slog.Logger, p any, attrs ...any) {
	log.Error("panic", append(attrs, "panic", p, "stack", string(debug.Stack()))...)
}

// panicError logs a recovered panic and returns the error that answers its request. It panics again with http.ErrAbortHandler, by which a handler asks
// net/http to cut the connection.
func panicError(log *slog.Logger, p any, attrs ...any) *muster.Error {
	if p == http.ErrAbortHandler { //nolint:errorlint // the sentinel itself, as net/http compares it
		panic(p)
	}
	LogPanic(log, p, attrs...)
	return muster.E(muster.Internal, "api.context.internal.app_error")
}

// recoverPanic answers a request whose handler panicked outside of a Chain. It must be deferred.
func recoverPanic(w http.ResponseWriter, log *slog.Logger) {
	if p := recover(); p != nil {
		WriteError(w, NewErrorBody(panicError(log, p), ""))
	}
}
