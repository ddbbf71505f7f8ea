package message

// pageErrors are of forms of the pages, which the API does not have.
var pageErrors = map[string]string{
	"web.form.foreign.app_error":    "This form came from another site, so nothing was changed. Open the page here and try again.",
	"web.form.stale.app_error":      "This form has expired, so nothing was changed. Reload the page and try again.",
	"web.form.unreadable.app_error": "We couldn't read this form. Reload the page and try again.",
}
