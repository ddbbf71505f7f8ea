package attack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"muster/internal/require"
	"muster/internal/testserver"
)

// sameAnswers holds answers against each other, byte for byte but for what names the request and its time.
func sameAnswers(t *testing.T, answers map[string]*answer) {
	t.Helper()
	var first, firstName string
	for name, a := range answers {
		var body map[string]any
		require.NoError(t, json.Unmarshal(a.body, &body))
		delete(body, "request_id")
		h := a.header.Clone()
		h.Del("X-Request-Id")
		h.Del("Date")
		text := fmt.Sprint(a.status, body, h)
		if first == "" {
			first, firstName = text, name
		}
		if text != first {
			t.Errorf("%s: %s\n%s: %s", firstName, first, name, text)
		}
	}
}

func TestALockedAnUnknownAndAWrongPasswordLookTheSame(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		s.User(t, "bob")
		s.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":3}}`)
		lockEverywhere(t, s, "ann")
		lockEverywhere(t, s, "nobody")
		c := clientFrom("127.0.9.1")
		sameAnswers(t, map[string]*answer{
			"locked, right password": login(t, s, c, "ann", testserver.Password),
			"locked, wrong password": login(t, s, clientFrom("127.0.9.2"), "ann", "wrong"),
			"wrong password":         login(t, s, c, "bob", "wrong"),
			"unknown":                login(t, s, c, "nowhere", "wrong"),
			"unknown, tried often":   login(t, s, c, "nobody", "wrong"),
		})
	})
}

func TestTriesUnderOneNameDoNotShowTheOther(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		now := time.Now()
		n := s.Node(t, func() time.Time { return now })
		c := clientFrom("127.0.9.1")
		names := []string{"ann", "nobody"}
		check := func(when string) {
			t.Helper()
			for _, name := range names {
				for range 10 {
					refusedAs(t, login(t, n, c, name, "wrong"), 401, wrongCredentials)
				}
				sameAnswers(t, map[string]*answer{
					"its address":      login(t, n, c, name+"@example.com", "wrong"),
					"another's":        login(t, n, c, "somebody@example.com", "wrong"),
					when + ", unknown": login(t, n, c, "nowhere"+when, "wrong"),
				})
				refusedAs(t, login(t, n, c, name, "wrong"), 401, tooMany)
			}
		}
		check("at once")
		n = s.Node(t, func() time.Time { return now })
		for _, name := range names {
			refusedAs(t, login(t, n, c, name, "wrong"), 401, tooMany)
		}
		n = s.Node(t, func() time.Time { return now.Add(25 * time.Hour) })
		check("a day later")
	})
}

func TestSprayingOverAccountsIsThrottled(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		c, owner := clientFrom("127.0.9.1"), clientFrom("127.0.9.2")
		device := signsIn(t, login(t, s, owner, "ann", testserver.Password)).header.Get("X-Device-Token")
		got := parallel(20, func(i int) string {
			for n := range 11 {
				if id := tryLogin(t, s, c, fmt.Sprintf("name-%d-%d", i, n), "Summer2026!"); id != wrongCredentials {
					return id
				}
			}
			return ""
		})
		if got["api.context.rate_limited.app_error"] == 0 {
			t.Fatal(got)
		}
		throttled := login(t, s, c, "ann", testserver.Password)
		refusedAs(t, throttled, http.StatusTooManyRequests, "api.context.rate_limited.app_error")
		if throttled.header.Get("Retry-After") == "" {
			t.Fatal("no Retry-After")
		}
		signsIn(t, login(t, s, c, "ann", testserver.Password, "X-Device-Token", device)) // a device that ann's account knows
		signsIn(t, login(t, s, owner, "ann", testserver.Password))
		s.Configure(t, `{"RateLimitSettings":{"Enable":false}}`)
		signsIn(t, login(t, s, c, "ann", testserver.Password))
	})
}

// People who mistype and then get it right leave nothing behind: an office of any size starts its day behind one address.
func TestMistypingBeforeTheRightPasswordDoesNotThrottleAnOffice(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		s.User(t, "bob")
		c := clientFrom("127.0.9.1")
		for range 120 {
			for _, name := range []string{"ann", "bob"} {
				refusedAs(t, login(t, s, c, name, "mistyped"), 401, wrongCredentials)
				refusedAs(t, login(t, s, c, name, "mistyped"), 401, wrongCredentials)
				signsIn(t, login(t, s, c, name, testserver.Password))
			}
		}
	})
}
