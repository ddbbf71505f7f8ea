package message

// pageErrors are of forms of the pages, which the API does not have.
var pageErrors = map[string]string{
	"web.form.foreign.app_error":    "This form was sent by another site, so nothing was changed. Open the page here and send it again.",
	"web.form.stale.app_error":      "This form is out of date, so nothing was changed. Open the page again and send the form once more.",
	"web.form.unreadable.app_error": "The form could not be read. Open the page again and send it once more.",
}
