package web_test

import (
	"net/url"
	"strings"
	"testing"

	"muster/internal/testserver"
)

func TestTerms(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, me := s.Admin(t)
		stranger, b := newBrowser(t, s), newBrowser(t, s)
		b.signIn("admin")
		b.open("/terms").is(404, "Page not found")
		s.Configure(t, termsOn)
		if stranger.open("/login").has("Terms of service") {
			t.Fatal("a link to terms that are not there")
		}
		terms, err := admin.CreateTerms(t.Context(), "Be kind.")
		must(t, err)
		if !stranger.open("/login").has("Terms of service") {
			t.Fatal("no link to the terms")
		}
		if p := stranger.open("/terms").is(200, "Terms of service"); p.has("Accept") || !strings.Contains(p.body, "Be kind.") {
			t.Fatal(p.body)
		}
		key := stranger.open("/login").value("csrf")
		answer := url.Values{"csrf": {key}, "terms_id": {terms.ID}, "answer": {"accept"}}
		if p := stranger.post("/terms", answer); p.path != "/login?redirect_to=%2Fterms" {
			t.Fatal(p.path)
		}
		p := b.open("/terms").is(200, "Terms of service")
		action, forged := p.fill("Accept", nil)
		forged.Set("terms_id", "x")
		if p := b.post(action, forged).is(400, "Terms of service"); !p.has("Accept") {
			t.Fatal(p.body)
		}
		if p = b.submit(p, "Accept", nil).is(200, "Terms of service").says("You've accepted"); p.has("Accept") {
			t.Fatal(p.body)
		}
		if got, err := admin.AcceptedTerms(t.Context(), me.ID); err != nil || got.TermsOfServiceID != terms.ID {
			t.Fatal(got, err)
		}

		_, err = admin.CreateTerms(t.Context(), "Be kinder.")
		must(t, err)
		b.submit(b.open("/terms"), "Decline", nil).is(200, "Sign in to Muster").says("You declined")
		b.signedInAs(s, "")
		if _, err := admin.AcceptedTerms(t.Context(), me.ID); err == nil {
			t.Fatal("still accepted")
		}
	})
}
