package config

import (
	"cmp"

	"muster"
)

// ReenterSecretID is the id of the error for a patch that would send a secret to a server other than the one it was entered for.
const ReenterSecretID = "api.config.patch_config.reenter_secret.app_error"

// Ids of other errors of a patch. Invalid values have the protocol's own id.
const (
	unknownSettingID = "api.config.patch_config.unknown_setting.app_error"
	notAvailableID   = "api.config.patch_config.not_available.app_error"
	changedID        = "api.config.patch_config.changed.app_error"
)

// Reasons of errors that occur in more than one source.
const (
	reasonReferenceOnly = "is a setting of the reference server that Muster doesn't have"
	reasonUnsupported   = "is not available in this version"
	reasonBootstrap     = "is read before the database is opened; set it by file, variable or flag"
)

// settingError is an error at one place of a source. It never contains the value, which may be a secret.
type settingError struct {
	key    string // Section.Name, Section, or "" for the whole source
	reason string // completes "KEY: ..." and "KEY ..."
	offset int    // in bytes, in a JSON source
	id     string // of the API error; "" for an invalid value
}

func (e settingError) Error() string {
	if e.key == "" {
		return e.reason
	}
	return e.key + ": " + e.reason
}

// apiError returns the error as the response to a patch.
func (e settingError) apiError() *muster.Error {
	if e.id == "" {
		return muster.E(muster.Invalid, "api.context.invalid_body_param.app_error", "Name", cmp.Or(e.key, "config"), "Reason", e.sentence(), e)
	}
	return muster.E(muster.Invalid, e.id, "Name", e.key, "Reason", e.sentence(), e)
}

// sentence returns the error as a sentence for users.
func (e settingError) sentence() string {
	text := "The request body " + e.reason
	if e.key != "" {
		text = e.key + " " + e.reason
	}
	if text[len(text)-1] == '?' {
		return text
	}
	return text + "."
}
