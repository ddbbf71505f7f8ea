package httpx

import (
	"net/http"
	"strings"
	"time"

	"muster/internal/app"
)

// DeviceHeader carries a device token: in the answer to a sign-in by the API, and in the request for the next one.
const DeviceHeader = "X-Device-Token"

// cookieDevice carries those of a browser for the pages, newest first. Signing out leaves it: the device stays known.
const (
	cookieDevice    = "MUSTERDEVICE"
	deviceSeparator = "~" // no token has it
)

// deviceTokens are what earlier sign-ins left on the client's device.
func deviceTokens(r *http.Request) []string {
	tokens := deviceCookie(r)
	if token := r.Header.Get(DeviceHeader); token != "" {
		tokens = append([]string{token}, tokens...)
	}
	return tokens
}

// deviceCookie reads the tokens that a browser keeps; what can't be one is left out.
func deviceCookie(r *http.Request) (tokens []string) {
	ck, err := r.Cookie(cookieDevice)
	if err != nil {
		return nil
	}
	for token := range strings.SplitSeq(ck.Value, deviceSeparator) {
		if token != "" && len(token) <= app.DeviceTokenMaxLength {
			tokens = append(tokens, token)
		}
		if len(tokens) == app.DeviceTokensKept {
			break
		}
	}
	return tokens
}

// SetDevice hands a browser the token by which it is known from now on, beside those of other accounts.
func (c Cookies) SetDevice(w http.ResponseWriter, token string) {
	value := strings.Join(app.AddDeviceToken(c.devices, token), deviceSeparator)
	c.SetSecret(w, cookieDevice, value, time.Now().UnixMilli()+app.DeviceTokenLife)
}

// RenewDevice is SetDevice for a browser that keeps tokens, and nothing for others.
func (c Cookies) RenewDevice(w http.ResponseWriter, token string) {
	if len(c.devices) > 0 {
		c.SetDevice(w, token)
	}
}
