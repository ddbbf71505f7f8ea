package config

import (
	"fmt"
	"reflect"
	"slices"
)

// SecretMask replaces secrets in responses. In a patch it leaves the secret unchanged. The reference server uses the same mask.
const SecretMask = "********************************"

// Config holds the value of every setting. Section and key names, and so its JSON encoding, are the reference server's (config.json).
// A shared Config, such as that returned by [Manager.Current], must not be modified: modify a Clone.
type Config struct {
	ServiceSettings       ServiceSettings
	TeamSettings          TeamSettings
	SqlSettings           SqlSettings
	LogSettings           LogSettings
	MetricsSettings       MetricsSettings
	PasswordSettings      PasswordSettings
	FileSettings          FileSettings
	StorageSettings       StorageSettings
	EmailSettings         EmailSettings
	PrivacySettings       PrivacySettings
	SupportSettings       SupportSettings
	LocalizationSettings  LocalizationSettings
	GuestAccountsSettings GuestAccountsSettings
	RateLimitSettings     RateLimitSettings
	CloudSettings         CloudSettings
	GitLabSettings        GitLabSettings
	GoogleSettings        GoogleSettings
	Office365Settings     Office365Settings
	OpenIdSettings        OpenIdSettings
	LdapSettings          LdapSettings
	SamlSettings          SamlSettings
	NativeAppSettings     NativeAppSettings
	PluginSettings        PluginSettings
	ExperimentalSettings  ExperimentalSettings
}

// ValidationError says why the value of a setting is invalid.
type ValidationError struct {
	Key    string // Section.Name
	Reason string // completes "KEY: ..."
}

func (e ValidationError) Error() string { return e.Key + ": " + e.Reason }

// Default returns a new Config in which every setting has its default.
func Default() *Config {
	c := &Config{}
	for _, s := range settings {
		v, err := s.Parse(s.Default)
		if err != nil {
			panic(fmt.Errorf("default of %s: %w", s.Key(), err)) // a bad struct tag; any test finds it
		}
		s.Set(c, v)
	}
	return c
}

// Clone returns a deep copy of c.
func (c *Config) Clone() *Config {
	d := *c
	for _, s := range settings {
		if list, ok := s.Get(c).([]string); ok {
			s.Set(&d, slices.Clone(list))
		}
	}
	return &d
}

// Validate checks every setting and returns an error for each that is invalid.
func (c *Config) Validate() []ValidationError {
	var errs []ValidationError
	for _, s := range settings {
		if err := s.Check(s.Get(c)); err != nil {
			errs = append(errs, ValidationError{Key: s.Key(), Reason: err.Error()})
		}
	}
	return errs
}

// Masked returns a copy of c in which SecretMask replaces each secret that is not empty.
func (c *Config) Masked() *Config {
	d := c.Clone()
	for _, s := range settings {
		if s.Secret && !reflect.ValueOf(s.Get(c)).IsZero() {
			s.Set(d, SecretMask)
		}
	}
	return d
}

// Stored is a JSON document of the settings that administrators changed. Its version increases with each change.
type Stored struct {
	Document []byte // empty before the first change
	Version  int64
}
