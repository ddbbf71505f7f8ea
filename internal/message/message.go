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
	internalErrorID:                                    "Something went wrong on our side. Try again. If it keeps happening, give an administrator the request ID.",
	"api.context.404.app_error":                        "There's nothing at this address. Check the path and the method.",
	"api.context.database_unavailable.app_error":       "The server can't reach its database right now. Try again in a moment.",
	"api.context.invalid_body_param.app_error":         "The {Name} in the request is missing or invalid. Correct it and try again.",
	"api.context.invalid_url_param.app_error":          "The {Name} in the URL is missing or invalid. Correct it and try again.",
	"api.context.local_origin_required.app_error":      "This is only available on the server itself, over its local socket.",
	"api.context.access_token_not_allowed.app_error":   "You can't do this with an access token. Sign in instead.",
	"api.context.reauthentication_required.app_error":  "Confirm it's you: send your password and, with two-step sign-in, a code to POST /users/sessions/reauthenticate, or sign in again. Then try again.",
	"api.context.terms_of_service_required.app_error":  "Accept the terms of service to continue.",
	"api.context.mfa_required.app_error":               "This server requires two-step sign-in. Set it up for your account to continue.",
	"api.context.permissions.app_error":                "You don't have permission to do this. Ask an administrator.",
	"api.context.rate_limited.app_error":               "Too many requests. Wait for the number of seconds in the Retry-After header, then try again.",
	"api.context.foreign_page.app_error":               "This request may come from another site. Send it with the X-CSRF-Token or X-Requested-With header.",
	"api.context.network_limit.app_error":              "Too many requests from your network at the same time. Try again in a moment.",
	"api.context.connection_lost.app_error":            "The connection was lost before the whole request arrived. Try again.",
	"api.context.request_body_slow.app_error":          "The request took too long to arrive. Try again, on a faster connection if you can.",
	"api.context.request_body_too_large.app_error":     "The request is larger than the server accepts. Send less at once.",
	"api.context.server_busy.app_error":                "The server is busy or shutting down. Try again in a moment.",
	"api.context.session_expired.app_error":            "You're not signed in, or your session has expired. Sign in again.",
	"api.context.storage_full.app_error":               "The server is out of storage. Ask an administrator to free some, then try again.",
	"api.context.token_provided.app_error":             "Send the session token in the Authorization header. In the URL, it would end up in logs.",
	"api.admin.test_email.failure":                     "The test email wasn't sent. {Steps}",
	"api.admin.test_email.missing_server":              "No mail server is set, so emails are written to files in the mail folder of the data directory. Set EmailSettings.SMTPServer and SMTPPort.",
	"api.payload.parse.error":                          "The request body isn't valid JSON for this operation. Correct it and try again.",
	"api.config.client.old_format.app_error":           "Ask for the client settings with format=old. There is no other format.",
	"api.license.client.old_format.app_error":          "Ask for the licence with format=old. There is no other format.",
	"api.license_error":                                "The server's licence doesn't cover this. Ask an administrator.",
	"app.audit.get.limit.app_error":                    "Ask for fewer audit entries at once.",
	"app.file_info.permanent_delete_by_user.app_error": "The account was deleted, but some of its files couldn't be removed. An administrator can remove them by hand.",
	"app.status.get.missing.app_error":                 "This user has no status.",
}
