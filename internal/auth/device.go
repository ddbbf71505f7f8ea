package auth

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"strconv"
	"strings"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const (
	// DeviceTokenLife is how long a device stays known after its last sign-in, in milliseconds.
	DeviceTokenLife = 180 * core.Day

	// DeviceTokensKept is how many accounts' tokens a browser keeps: administrators have a second account.
	DeviceTokensKept = 5

	// DeviceTokenMaxLength is what a token never exceeds, in bytes.
	DeviceTokenMaxLength = 256

	deviceTokenParts = 4 // account, device, time of issue, authentication code
)

// deviceToken makes the token by which the caller's device is known as one that signed in to the account before (OWASP, "Slow Down Online Guessing
// attacks with Device Cookies"). It opens nothing: attempts that come with it are counted by themselves, so that a stranger's don't hold up the owner's.
// A device that is known stays the same one.
func (a *Auth) deviceToken(who *core.Caller, u *muster.User) string {
	device, ok := a.deviceOf(who, u)
	if !ok {
		device = muster.NewID()
	}
	text := u.ID + "." + device + "." + strconv.FormatInt(a.core.Now(), 36)
	return text + "." + a.deviceCode(text)
}

func (a *Auth) deviceCode(text string) string {
	return base64.RawURLEncoding.EncodeToString(a.secrets.MAC("device token", text))
}

// deviceOf returns the device that one of the caller's tokens names, if it is one of the account's, not too old, and from after the last change of password.
func (a *Auth) deviceOf(who *core.Caller, u *muster.User) (device string, ok bool) {
	for _, token := range who.DeviceTokens {
		if device, ok = a.deviceByToken(token, u); ok {
			return device, true
		}
	}
	return "", false
}

func (a *Auth) deviceByToken(token string, u *muster.User) (device string, ok bool) {
	if len(token) > DeviceTokenMaxLength || accountOfToken(token) != u.ID {
		return "", false
	}
	end := strings.LastIndexByte(token, '.')
	parts := strings.Split(token, ".")
	if len(parts) != deviceTokenParts || !hmac.Equal([]byte(token[end+1:]), []byte(a.deviceCode(token[:end]))) {
		return "", false
	}
	issued, err := strconv.ParseInt(parts[2], 36, 64)
	if err != nil || issued < u.LastPasswordUpdate || issued+DeviceTokenLife <= a.core.Now() {
		return "", false
	}
	return parts[1], true
}

func accountOfToken(token string) string {
	account, _, _ := strings.Cut(token, ".")
	return account
}

// AddDeviceToken returns the tokens that a client with several accounts keeps once it got another one: newest first, one for each account.
func AddDeviceToken(tokens []string, token string) []string {
	kept := []string{token}
	for _, t := range tokens {
		if len(kept) < DeviceTokensKept && accountOfToken(t) != accountOfToken(token) {
			kept = append(kept, t)
		}
	}
	return kept
}

// knownDevice returns what identifies a device that the account knows: by its token, or by a session of the account that the request came with.
func (a *Auth) knownDevice(who *core.Caller, u *muster.User) (id string, ok bool) {
	if device, ok := a.deviceOf(who, u); ok {
		return "device " + device, true
	}
	for _, s := range []*muster.Session{who.Former, who.Session} {
		if s != nil && s.UserID == u.ID && !s.OfAccessToken() {
			return "session " + s.ID, true
		}
	}
	return "", false
}

// networkLife is how long an account knows a network after the last sign-in from there, in milliseconds.
const networkLife = 30 * core.Day

// networkHere returns the caller's network for an account to know it from now on; nil for the local socket.
func (a *Auth) networkHere(who *core.Caller, userID string) *store.KnownNetwork {
	here := who.Network()
	if here.IsZero() {
		return nil
	}
	return &store.KnownNetwork{Hash: a.secrets.MAC("known network", userID, here.String()), ExpiresAt: a.core.Now() + networkLife}
}

// inKnownNetwork reports whether the account knows the caller's network; userID is "" for nobody's, which takes the same work.
func (a *Auth) inKnownNetwork(ctx context.Context, who *core.Caller, userID string) (bool, error) {
	here := a.networkHere(who, userID)
	if here == nil {
		return false, nil
	}
	return a.store.KnowsNetwork(ctx, userID, here.Hash, a.core.Now())
}
