// Package message owns the sentences that people read when a request is refused: one for each error id of the protocol. docs/errors.md is
// generated from it.
package message

import (
	"maps"
	"slices"
	"strings"

	"muster"
)

const internalErrorID = "api.context.internal.app_error"

// texts holds a sentence for each error id; its {Name} places are filled from the error's Params.
var texts = merge(parts)

// parts have no id in common (TestEveryErrorIDIsDefinedOnce).
var parts = []map[string]string{requestErrors, settingsErrors, userErrors, fieldErrors, loginErrors, membershipErrors, uploadErrors, webSocketErrors, pageErrors}

func merge(parts []map[string]string) map[string]string {
	all := map[string]string{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}

// Of returns the sentence for an error with its places filled in. A Reason among the error's Params is the whole sentence: it says what only the
// place that refused knows, such as which rule a new password breaks.
func Of(e *muster.Error) string {
	if reason := e.Params["Reason"]; reason != "" {
		return reason
	}
	text := Text(e.ID)
	if text == "" {
		text = texts[internalErrorID]
	}
	for k, v := range e.Params {
		text = strings.ReplaceAll(text, "{"+k+"}", v)
	}
	return text
}

// IDs returns every error id that the server may answer with, sorted.
func IDs() []string { return slices.Sorted(maps.Keys(texts)) }

// Text returns the sentence for an error id with its {Name} places unfilled, "" for an id that the server never answers with.
func Text(id string) string {
	if text, ok := texts[id]; ok {
		return text
	}
	return passwordRulesText(id)
}

const (
	passwordRuleStem = "model.user.is_valid.pwd"
	errorIDEnd       = ".app_error"
)

// passwordRuleNames are the parts of an id that says which password rules were broken; several may follow the stem.
var passwordRuleNames = []string{"_min_length", "_max_length", "_lowercase", "_uppercase", "_number", "_symbol"}

// passwordRulesText joins the sentences of all the rules that the id names.
func passwordRulesText(id string) string {
	rest, ok := strings.CutPrefix(id, passwordRuleStem)
	if !ok {
		return ""
	}
	var sentences []string
	for _, rule := range passwordRuleNames {
		if strings.Contains(rest, rule) {
			sentences = append(sentences, texts[passwordRuleStem+rule+errorIDEnd])
		}
	}
	return strings.Join(sentences, " ")
}

// requestErrors are about a request as such, whatever it is for.
var requestErrors = map[string]string{
	internalErrorID:                                    "Something went wrong on the server. Try again, and give the request id to an administrator if it goes on.",
	"api.context.404.app_error":                        "There is nothing at this address. Check the path and the method.",
	"api.context.database_unavailable.app_error":       "The server can't reach its database right now. Try again in a moment.",
	"api.context.invalid_body_param.app_error":         "The request's {Name} is missing or not valid. Correct it and send the request again.",
	"api.context.invalid_url_param.app_error":          "The address's {Name} is missing or not valid. Correct it and send the request again.",
	"api.context.local_origin_required.app_error":      "This can only be asked for on the server's own machine, over its local socket.",
	"api.context.access_token_not_allowed.app_error":   "An access token can't do this. Sign in and do it yourself.",
	"api.context.reauthentication_required.app_error":  "Confirm that it is you: give your password and, with two-step sign-in, a code (POST /users/sessions/reauthenticate), or sign in again. Then try once more.",
	"api.context.terms_of_service_required.app_error":  "Accept the terms of service first, then go on.",
	"api.context.mfa_required.app_error":               "This server asks for a second factor. Set one up for your account, then go on.",
	"api.context.permissions.app_error":                "You lack the permission for this. Ask an administrator to grant it or to do it for you.",
	"api.context.rate_limited.app_error":               "Too many requests in a short time. Wait for the seconds that the Retry-After header names, then try again.",
	"api.context.foreign_page.app_error":               "Nothing shows that a page of this site sent this. Send it with the X-CSRF-Token or X-Requested-With header.",
	"api.context.network_limit.app_error":              "Too much from your network is under way at the same time. Try again in a moment.",
	"api.context.connection_lost.app_error":            "The connection broke off before all of the request arrived. Send it again.",
	"api.context.request_body_slow.app_error":          "The request took too long to arrive. Try again, over a faster connection if you can.",
	"api.context.request_body_too_large.app_error":     "The request is larger than the server accepts. Send less at once.",
	"api.context.server_busy.app_error":                "The server is busy or about to stop. Try again in a moment.",
	"api.context.session_expired.app_error":            "You are not signed in, or your session has ended. Sign in again.",
	"api.context.storage_full.app_error":               "The server has no room left to keep this. Ask an administrator to make some, then try again.",
	"api.context.token_provided.app_error":             "Send the session token in the Authorization header and not in the address, where logs would keep it.",
	"api.admin.test_email.failure":                     "The test mail was not sent. {Steps}",
	"api.admin.test_email.missing_server":              "No mail server is set, so mails are written to files in the folder mail of the data directory. Set EmailSettings.SMTPServer and SMTPPort.",
	"api.payload.parse.error":                          "The body is not the JSON that this operation takes. Correct it and send it again.",
	"api.config.client.old_format.app_error":           "Ask for the client settings with format=old, the one format there is.",
	"api.license.client.old_format.app_error":          "Ask for the licence with format=old, the one format there is.",
	"api.license_error":                                "The server's licence does not cover this. Ask an administrator.",
	"app.audit.get.limit.app_error":                    "Ask for fewer audit entries at once.",
	"app.file_info.permanent_delete_by_user.app_error": "The account is gone, but some of its files could not be removed. An administrator can remove them by hand.",
	"app.status.get.missing.app_error":                 "No status is known for this user.",
}
