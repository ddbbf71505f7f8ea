package config

import (
	"cmp"

	"muster"
)

// ReenterSecretID is the id of the refusal to send a secret elsewhere than it was given for.
const ReenterSecretID = "api.config.patch_config.reenter_secret.app_error"

// Ids of other refused changes, beside the protocol's own for a bad value.
const (
	unknownSettingID = "api.config.patch_config.unknown_setting.app_error"
	unavailableID    = "api.config.patch_config.not_available.app_error"
	changedID        = "api.config.patch_config.changed.app_error"
)

// Reasons that more than one source gives.
const (
	reasonForeign   = "is a setting of the reference server that Muster does not have"
	reasonLater     = "is not available in this version"
	reasonBootstrap = "is read before the database is open; set it by file, variable or flag"
)

// fault is what is wrong at one place of a source. It never repeats the value: that may be a secret.
type fault struct {
	key    string // Section.Name, Section, or "" for the whole
	reason string // completes "KEY: ..." and "KEY ..."
	offset int    // in bytes, in a JSON source
	id     string // of the error that a patch is answered with; "" for a bad value's
}

func (f fault) Error() string {
	if f.key == "" {
		return f.reason
	}
	return f.key + ": " + f.reason
}

// refusal is the answer to a patch.
func (f fault) refusal() *muster.Error {
	if f.id == "" {
		return muster.E(muster.Invalid, "api.context.invalid_body_param.app_error", "Name", cmp.Or(f.key, "config"), "Reason", f.sentence(), f)
	}
	return muster.E(muster.Invalid, f.id, "Name", f.key, "Reason", f.sentence(), f)
}

// sentence is the message for a person.
func (f fault) sentence() string {
	text := "The request's body " + f.reason
	if f.key != "" {
		text = f.key + " " + f.reason
	}
	if text[len(text)-1] == '?' {
		return text
	}
	return text + "."
}
