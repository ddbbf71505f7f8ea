package config

import (
	"slices"
	"testing"
)

// The recorded answers (wire/misc.supporting.json) and what of them belongs to the signed in alone.
func TestClientConfig(t *testing.T) {
	c := Default()
	c.ServiceSettings.EnableMultifactorAuthentication = true
	c.ServiceSettings.EnableUserAccessTokens = true
	c.ServiceSettings.SiteURL = "https://id.example.com/"
	c.TeamSettings.EnableOpenServer = true

	stranger, member := ClientConfig(c, false), ClientConfig(c, true)
	recorded := map[string]string{
		"EnableSignUpWithEmail": "true", "EnableSignInWithEmail": "true", "EnableSignInWithUsername": "true",
		"EnableMultifactorAuthentication": "true", "EnforceMultifactorAuthentication": "false", "EnableOpenServer": "true",
		"EnableUserCreation": "true", "EnableCustomBrand": "false", "HasImageProxy": "false", "PasswordMinimumLength": "8",
		"SiteURL": "https://id.example.com", "SiteName": "Muster",
	}
	for name, want := range recorded {
		if stranger[name] != want || member[name] != want {
			t.Errorf("%s: stranger %q, member %q, want %q", name, stranger[name], member[name], want)
		}
	}
	if v, told := stranger["EnableUserAccessTokens"]; told || member["EnableUserAccessTokens"] != "true" {
		t.Errorf("EnableUserAccessTokens: stranger %q, member %q", v, member["EnableUserAccessTokens"])
	}
	for name := range stranger {
		if _, told := member[name]; !told {
			t.Errorf("%s is told to strangers only", name)
		}
	}
	for _, told := range []map[string]string{stranger, member} {
		if _, ok := told["IsLicensed"]; ok {
			t.Error("IsLicensed belongs to the licence answer")
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
			t.Errorf("%s tells a secret", name)
		}
	}
}
