package auth_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"muster"
	"muster/internal/auth"
	"muster/internal/core"
	"muster/internal/testserver"
)

func TestAttacksAreWarnedOfInFewLines(t *testing.T) {
	var out bytes.Buffer
	u := &muster.User{ID: muster.NewID(), Username: "ann"}
	auth.WarnOfAttacks(t.Context(), slog.New(slog.NewTextHandler(&out, nil)), 1000, &core.Caller{IP: "2001:db8::1:2:3:4"}, u)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) < 30 || len(lines) > 35 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, want := range []string{"level=WARN", "user_id=" + u.ID, "network=2001:db8::/64", `reason="wrong codes"`} {
		if !strings.Contains(lines[0], want) {
			t.Errorf("no %s in %s", want, lines[0])
		}
	}
}

func FuzzDeviceToken(f *testing.F) {
	s := testserver.New(f)
	_, u := s.Admin(f)
	good := s.Services.Auth.DeviceToken(&core.Caller{}, u)
	for _, token := range []string{good, "", ".", "...", u.ID + "...", good[:len(good)-1], good + ".", strings.ToUpper(good), strings.Repeat(good, 3)} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if device, ok := s.Services.Auth.DeviceOf(&core.Caller{DeviceTokens: []string{token}}, u); ok != (token == good) {
			t.Fatalf("%q is the device %q", token, device)
		}
	})
}
