package web

const flashParam = "notice" // of an address: which notice the page begins with

// notices are good news that a page begins with after another one led to it, by the value of noticeParam. The address chooses among these and can add
// nothing of its own.
var flashes = map[string]string{
	"password-set":   "Your password is set. Sign in with it.",
	"unlocked":       "Your account is unlocked. You can sign in from this device.",
	"signed-out":     "You are signed out.",
	"terms-declined": "You declined the terms of service, so you are signed out.",
	"terms-accepted": "You accepted the terms of service.",
	"joined":         "You are now a member of the team.",

	"profile-saved":     "Your profile is saved.",
	"picture-uploaded":  "Your new picture is in place.",
	"picture-removed":   "Your picture is removed.",
	"email-changed":     "Your email address is changed.",
	"confirmation-sent": "A mail is on its way to your address. Confirm the address by the link in it.",
	"password-changed":  "Your password is changed. Everywhere else you are signed out.",
	"two-step-off":      "Two-step sign-in is turned off.",
	"session-ended":     "The session is ended.",
	"sessions-ended":    "All other sessions are ended.",
	"token-revoked":     "The token is revoked. It no longer works.",
}
