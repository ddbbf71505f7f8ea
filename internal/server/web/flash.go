package web

const flashParam = "notice" // URL parameter with the name of the flash to show

// flashes are the messages that a page shows after a redirect, by the value of flashParam. A URL can only choose among
// these, so nobody can make a link that shows their own text.
var flashes = map[string]string{
	"password-set":   "Your password has been changed. Sign in with the new one.",
	"unlocked":       "Your account is unlocked. You can now sign in from this device.",
	"signed-out":     "You've signed out.",
	"terms-declined": "You declined the terms of service, so you're signed out.",
	"terms-accepted": "You've accepted the terms of service.",
	"joined":         "You've joined the team.",

	"profile-saved":     "Your profile has been saved.",
	"picture-uploaded":  "Your picture has been updated.",
	"picture-removed":   "Your picture has been removed.",
	"email-changed":     "Your email address has been changed.",
	"confirmation-sent": "We've sent you an email. Open the link in it to confirm your address.",
	"password-changed":  "Your password has been changed, and you've been signed out everywhere else.",
	"two-step-off":      "Two-step sign-in is off.",
	"session-ended":     "The session has been ended.",
	"sessions-ended":    "All other sessions have been ended.",
	"token-revoked":     "The token has been revoked and no longer works.",
}
