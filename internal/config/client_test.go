package config

import (
	"slices"
	"testing"
)

// The expected values are recorded (wire/misc.supporting.json).
func TestClientConfig(t *testing.T) {
	c := Default()
	c.ServiceSettings.EnableMultifactorAuthentication = true
	c.ServiceSettings.EnableUserAccessTokens = true
	c.ServiceSettings.SiteURL = "https://id.example.com/"
	c.TeamSettings.EnableOpenServer = true

	anonymous, member := ClientConfig(c, false), ClientConfig(c, true)
	recorded := map[string]string{
		"EnableSignUpWithEmail": "true", "EnableSignInWithEmail": "true", "EnableSignInWithUsername": "true",
		"EnableMultifactorAuthentication": "true", "EnforceMultifactorAuthentication": "false", "EnableOpenServer": "true",
		"EnableUserCreation": "true", "EnableCustomBrand": "false", "HasImageProxy": "false", "PasswordMinimumLength": "8",
		"SiteURL": "https://id.example.com", "SiteName": "Muster",
	}
	for name, want := range recorded {
		if anonymous[name] != want || member[name] != want {
			t.Errorf("%s: anonymous %q, member %q, want %q", name, anonymous[name], member[name], want)
		}
	}
	if v, ok := anonymous["EnableUserAccessTokens"]; ok || member["EnableUserAccessTokens"] != "true" {
		t.Errorf("EnableUserAccessTokens: anonymous %q, member %q", v, member["EnableUserAccessTokens"])
	}
	for name := range anonymous {
		if _, ok := member[name]; !ok {
			t.Errorf("%s is returned to anonymous clients only", name)
		}
	}
	for _, values := range []map[string]string{anonymous, member} {
		if _, ok := values["IsLicensed"]; ok {
			t.Error("IsLicensed belongs to the license response")
		}
	}
}

func TestClientConfigHoldsNoSecret(t *testing.T) {
	c := Default()
	for _, s := range Settings() {
		if s.Secret {
			s.Set(c, "sensitive")
		}
	}
	for name, v := range ClientConfig(c, true) {
		if slices.Contains([]string{"sensitive", SecretMask}, v) {
			t.Errorf("%s contains a secret", name)
		}
	}
}
