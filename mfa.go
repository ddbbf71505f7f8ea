package muster

// MfaSecret is the secret to set up an authenticator app with.
type MfaSecret struct {
	Secret string `json:"secret"`  // base32
	QRCode string `json:"qr_code"` // PNG, base64
}

// RecoveryCodes is the number of single-use recovery codes that an account gets with its second factor.
const RecoveryCodes = 10
