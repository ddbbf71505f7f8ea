package config

import (
	"fmt"
	"reflect"
	"slices"
)

// SecretMask stands for a secret in every answer; sent back, it means "as it was". It is the reference server's stand-in.
const SecretMask = "********************************"

// Config holds every setting, by the reference server's section and key names (config.json); its JSON form is theirs too.
// A Config that is shared, such as the one in force, is read only: change a Clone.
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

// Problem is a setting whose value may not be used, and why.
type Problem struct {
	Key    string // Section.Name
	Reason string // completes "KEY: ..."
}

func (p Problem) String() string { return p.Key + ": " + p.Reason }

// Default gives a fresh Config with the default of every setting.
func Default() *Config {
	c := &Config{}
	for _, s := range settings {
		v, err := s.Parse(s.Default)
		if err != nil {
			panic(fmt.Errorf("default of %s: %w", s.Key(), err)) // a broken tag, seen by every test
		}
		s.Set(c, v)
	}
	return c
}

// Clone gives a copy that shares nothing with c.
func (c *Config) Clone() *Config {
	d := *c
	for _, s := range settings {
		if list, ok := s.Get(c).([]string); ok {
			s.Set(&d, slices.Clone(list))
		}
	}
	return &d
}

// Validate checks every setting by its own rule and names each that fails; none means that c may be used.
func (c *Config) Validate() []Problem {
	var problems []Problem
	for _, s := range settings {
		if err := s.Check(s.Get(c)); err != nil {
			problems = append(problems, Problem{Key: s.Key(), Reason: err.Error()})
		}
	}
	return problems
}

// Masked gives a copy in which SecretMask stands for each secret that is set.
func (c *Config) Masked() *Config {
	d := c.Clone()
	for _, s := range settings {
		if s.Secret && !reflect.ValueOf(s.Get(c)).IsZero() {
			s.Set(d, SecretMask)
		}
	}
	return d
}

// Stored is the document of what administrators changed of the settings, and its version, which goes up with each change.
type Stored struct {
	Document []byte // empty before the first change
	Version  int64
}
