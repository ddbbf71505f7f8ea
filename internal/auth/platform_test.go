package auth

import (
	"testing"

	"muster"
)

// What a session shows of the device that it began on.
func TestASessionShowsItsDevice(t *testing.T) {
	for _, c := range []struct{ agent, platform, os, browser string }{
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36", "Windows", "Windows 10.0", "Chrome/120.0.0.0"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15", "Macintosh", "macOS 10.15.7", "Safari/17.1"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1", "iPhone", "iOS 17.1", "Safari/17.1"},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Linux", "Linux x86_64", "Firefox/120.0"},
		{"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36", "Linux", "Android 14", "Chrome/120.0.0.0"},
		{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36", "Linux", "ChromeOS x86_64", "Chrome/120.0.0.0"},
		{"curl/8.4.0", "Windows", "", "Unknown/0.0"},
		{"", "Windows", "", "Unknown/0.0"},
	} {
		props := sessionProps(c.agent, false)
		if props[muster.SessionPropPlatform] != c.platform || props[muster.SessionPropOS] != c.os || props[muster.SessionPropBrowser] != c.browser {
			t.Errorf("%q is %q, %q, %q", c.agent, props[muster.SessionPropPlatform], props[muster.SessionPropOS], props[muster.SessionPropBrowser])
		}
	}
	guests := &muster.Session{Props: sessionProps("", true)}
	setRoles(guests, &muster.User{Roles: muster.RoleSystemGuest})
	props := guests.Props
	if guests.Roles != muster.RoleSystemGuest || props[muster.SessionPropIsGuest] != "true" || props[muster.SessionPropIsMobile] != "true" || props[muster.SessionPropCSRF] == "" {
		t.Errorf("%v", props)
	}
}
