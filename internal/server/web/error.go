package web

import (
	"net/http"
	"strings"

	"muster"
	"muster/internal/auth"
	"muster/internal/message"
)

var errNoPage = muster.E(muster.NotFound, "api.context.404.app_error")

// pageMessages replace messages that are written for callers of the API.
var pageMessages = map[string]string{
	errNoPage.ID:         "This page doesn't exist. The link may be incomplete, or the page may have moved.",
	errReauthRequired.ID: "It's been a while since you signed in. Confirm it's you, then try again.",
	"api.context.request_body_too_large.app_error": "That's more than this site accepts at once.",
	"api.context.rate_limited.app_error":           "Too many requests from your network. Wait a moment, then try again.",
}

// messageFor returns the message of an error for a page, never its cause.
func messageFor(e *muster.Error) string {
	if name, ok := e.Params["Name"]; ok && e.Params["Reason"] == "" && strings.HasSuffix(e.ID, "_param.app_error") {
		if name == "email" {
			return "Enter an email address, like name@example.com."
		}
		return "The " + strings.ReplaceAll(name, "_", " ") + " is missing or isn't valid. Correct it and try again."
	}
	if text, ok := pageMessages[e.ID]; ok {
		return text
	}
	return message.Of(e)
}

// serveError answers with the error page.
func (req *pageRequest) serveError(e *muster.Error) {
	req.showError(e.Kind.Status(), messageFor(e))
}

// publicError returns the error of a form as the user is told it.
func (req *pageRequest) publicError(err error) *muster.Error {
	if req.signedIn() {
		err = auth.WithinSession(err)
	}
	return muster.AsError(err)
}

// methodNotAllowed answers a request with a method that the page doesn't support.
func (req *pageRequest) methodNotAllowed() error {
	req.w.Header().Set("Allow", req.route.allow())
	req.showError(http.StatusMethodNotAllowed, "This page can't be opened this way. Follow a link to it, or start from the home page.")
	return nil
}

// errorHeadings are the headings of error pages, by status.
var errorHeadings = map[int]string{
	http.StatusBadRequest: "That didn't work", http.StatusUnauthorized: "Sign in first", http.StatusForbidden: "You can't do this",
	http.StatusNotFound: "Page not found", http.StatusMethodNotAllowed: "That didn't work", http.StatusRequestEntityTooLarge: "Too large",
	http.StatusTooManyRequests: "Too many requests", http.StatusNotImplemented: "This is turned off", http.StatusServiceUnavailable: "Try again in a moment",
	http.StatusInsufficientStorage: "Out of storage",
}

func (req *pageRequest) showError(status int, text string) {
	heading, ok := errorHeadings[status]
	if !ok {
		heading = "Something went wrong"
	}
	data := struct{ Message, RequestID string }{Message: text}
	if status >= http.StatusInternalServerError {
		data.RequestID = req.who.RequestID
	}
	if err := req.show(page{name: "error", heading: heading, status: status, data: data}); err != nil {
		req.log.Error("error page", "request_id", req.who.RequestID, "error", err)
		req.send(status, "text/plain; charset=utf-8", []byte(heading+"\n\n"+text+"\n"))
	}
}
