package httpx

import (
	"net/http"
	"strings"
	"time"

	"muster/internal/auth"
)

// DeviceHeader carries a device token: in the response to a sign-in by the API, and in the request of the next one.
const DeviceHeader = "X-Device-Token"

// cookieDevice carries the device tokens of a browser, newest first. Signing out does not clear it: the device stays known.
const (
	cookieDevice    = "MUSTERDEVICE"
	deviceSeparator = "~" // never part of a token
)

// deviceTokens returns the tokens that earlier sign-ins left on the client's device.
func deviceTokens(r *http.Request) []string {
	tokens := deviceCookie(r)
	if token := r.Header.Get(DeviceHeader); token != "" {
		tokens = append([]string{token}, tokens...)
	}
	return tokens
}

// deviceCookie returns the tokens of a browser's cookie. It leaves out what can't be a token.
func deviceCookie(r *http.Request) (tokens []string) {
	ck, err := r.Cookie(cookieDevice)
	if err != nil {
		return nil
	}
	for token := range strings.SplitSeq(ck.Value, deviceSeparator) {
		if token != "" && len(token) <= auth.DeviceTokenMaxLength {
			tokens = append(tokens, token)
		}
		if len(tokens) == auth.DeviceTokensKept {
			break
		}
	}
	return tokens
}

// SetDevice adds a device token to a browser's cookie, beside those of other accounts.
func (c Cookies) SetDevice(w http.ResponseWriter, token string) {
	value := strings.Join(auth.AddDeviceToken(c.devices, token), deviceSeparator)
	c.SetSecret(w, cookieDevice, value, time.Now().UnixMilli()+auth.DeviceTokenLife)
}

// RenewDevice does what SetDevice does for a browser that has device tokens already, and nothing for others.
func (c Cookies) RenewDevice(w http.ResponseWriter, token string) {
	if len(c.devices) > 0 {
		c.SetDevice(w, token)
	}
}
