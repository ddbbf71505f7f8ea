package muster

// MfaSecret is what an authenticator app is set up with.
type MfaSecret struct {
	Secret string `json:"secret"`  // base32
	QRCode string `json:"qr_code"` // PNG, base64
}

// RecoveryCodes is how many single-use codes an account gets when it turns its second factor on.
const RecoveryCodes = 10
