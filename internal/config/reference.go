package config

import (
	_ "embed"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"muster"
)

// referenceJSON contains the settings of the reference server (9.9 to 11.6) that Muster doesn't have, with their defaults. The default is
// null if it depends on the installation or version. A section without keys may contain any.
//
//go:embed reference_settings.json
var referenceJSON []byte

var reference = func() map[string]map[string]json.RawMessage {
	var sections map[string]map[string]json.RawMessage
	if err := json.Unmarshal(referenceJSON, &sections); err != nil {
		panic(err) // a bad file; any test finds it
	}
	return sections
}()

// unknownKey is a key in a source that is not a setting.
type unknownKey struct {
	section, name string
	value         json.RawMessage
	offset        int
}

func (k unknownKey) key() string { return k.section + "." + k.name }

// check returns an error, except for a setting of the reference server with its default, and whether it is a setting of the reference server.
func (k unknownKey) check() (err *settingError, known bool) {
	keys, known := reference[k.section]
	var standard json.RawMessage
	if len(keys) > 0 {
		standard, known = keys[k.name]
	}
	switch {
	case !known:
		return &settingError{key: printable(k.key()), reason: "is not a setting" + k.hint(), offset: k.offset, id: unknownSettingID}, false
	case string(k.value) == "null" || sameJSON(k.value, standard):
		return nil, true
	default:
		return &settingError{key: printable(k.key()), reason: reasonReferenceOnly, offset: k.offset, id: notAvailableID}, true
	}
}

// hint suggests the setting that was probably meant: one with a similar name in the same section, or with the same name in another one.
func (k unknownKey) hint() string {
	for _, sections := range []map[string][]string{ownNames, referenceNames} {
		if name := muster.Nearest(k.name, slices.Values(sections[k.section])); name != "" {
			return "; did you mean " + k.section + "." + name + "?"
		}
	}
	for _, section := range sectionNames {
		if slices.Contains(ownNames[section], k.name) {
			return "; did you mean " + section + "." + k.name + "?"
		}
	}
	return ""
}

// unknownSection returns the error for a section that neither Muster nor the reference server has.
func unknownSection(name string, offset int) settingError {
	hint := muster.Suggest(name, slices.Values(sectionNames))
	return settingError{key: printable(name), reason: "is not a section" + hint, offset: offset, id: unknownSettingID}
}

func sameJSON(a, b json.RawMessage) bool {
	var v, w any
	return json.Unmarshal(a, &v) == nil && json.Unmarshal(b, &w) == nil && reflect.DeepEqual(v, w)
}

// Sorted names, by section.
var (
	ownNames       = sortedNames(byKey)
	referenceNames = sortedNames(reference)
	sectionNames   = slices.Sorted(maps.Keys(byKey))
)

func sortedNames[V any](sections map[string]map[string]V) map[string][]string {
	names := map[string][]string{}
	for section, keys := range sections {
		names[section] = slices.Sorted(maps.Keys(keys))
	}
	return names
}

const maxKeyRunes = 64

// printable returns a key shortened and without control characters, for messages.
func printable(key string) string {
	if r := []rune(key); len(r) > maxKeyRunes {
		key = string(r[:maxKeyRunes]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(key, "\uFFFD"))
}
