package app

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"muster"
	"muster/internal/network"
)

const (
	// DeviceTokenLife is how long a device stays known after its last sign-in, in milliseconds.
	DeviceTokenLife = 180 * day

	deviceTokenMaxLength = 256 // bytes
	deviceTokenParts     = 4   // account, device, time of issue, authentication code
)

// deviceToken makes the token by which the caller's device is known as one that signed in to the account before (OWASP, "Slow Down Online Guessing
// Attacks with Device Cookies"). It opens nothing: attempts that come with it are counted by themselves, so that a stranger's don't hold up the owner's.
// A device that is known stays the same one.
func (a *App) deviceToken(who *Caller, u *muster.User) string {
	device, ok := a.deviceOf(who, u)
	if !ok {
		device = muster.NewID()
	}
	text := u.ID + "." + device + "." + strconv.FormatInt(a.now(), 36)
	return text + "." + a.deviceCode(text)
}

func (a *App) deviceCode(text string) string {
	return base64.RawURLEncoding.EncodeToString(a.secrets.MAC("device token", text))
}

// deviceOf returns the device that the caller's token names, if it is one of the account's, not too old, and from after the last change of password.
func (a *App) deviceOf(who *Caller, u *muster.User) (device string, ok bool) {
	if len(who.DeviceToken) > deviceTokenMaxLength {
		return "", false
	}
	end := strings.LastIndexByte(who.DeviceToken, '.')
	parts := strings.Split(who.DeviceToken, ".")
	if len(parts) != deviceTokenParts || parts[0] != u.ID || !hmac.Equal([]byte(who.DeviceToken[end+1:]), []byte(a.deviceCode(who.DeviceToken[:end]))) {
		return "", false
	}
	issued, err := strconv.ParseInt(parts[2], 36, 64)
	if err != nil || issued < u.LastPasswordUpdate || issued+DeviceTokenLife <= a.now() {
		return "", false
	}
	return parts[1], true
}

// DeviceToken returns the token by which the caller's device is known from now on: a new password ended the one that it had.
func (a *App) DeviceToken(ctx context.Context, who *Caller) (string, error) {
	u, err := a.user(ctx, who.ID())
	if err != nil {
		return "", err
	}
	return a.deviceToken(who, u), nil
}

// knownDevice returns what identifies a device that the account knows: by its token, or by a session of the account that the request came with.
func (a *App) knownDevice(who *Caller, u *muster.User) (id string, ok bool) {
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

// signedInFromHere reports whether a session of the account began in the caller's network and lives.
func (a *App) signedInFromHere(ctx context.Context, who *Caller, userID string) (bool, error) {
	here := who.Network()
	list, err := a.store.Sessions(ctx, userID)
	if err != nil {
		return false, fmt.Errorf("sessions of the account: %w", err)
	}
	now := a.now()
	for _, s := range list {
		if !s.OfAccessToken() && !s.Expired(now) && !a.idle(s, now) && network.Of(s.IP) == here && !here.IsZero() {
			return true, nil
		}
	}
	return false, nil
}
