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

// referenceText names the settings of the reference server (9.9 to 11.6) that Muster does not have, with their defaults: null where the
// default differs from one installation or version to the next. A section without keys may hold any.
//
//go:embed reference_settings.json
var referenceText []byte

var reference = func() map[string]map[string]json.RawMessage {
	var sections map[string]map[string]json.RawMessage
	if err := json.Unmarshal(referenceText, &sections); err != nil {
		panic(err) // a broken file, seen by every test
	}
	return sections
}()

// foreign is a key of a source that no setting has.
type foreign struct {
	section, name string
	value         json.RawMessage
	offset        int
}

func (f foreign) key() string { return f.section + "." + f.name }

// judge sorts out a key that no setting has. Unless it does nothing, being a setting of the reference server at its default, it returns what is
// wrong with it and whether the reference server knows it.
func (f foreign) judge() (wrong *fault, known bool) {
	keys, known := reference[f.section]
	var standard json.RawMessage
	if len(keys) > 0 {
		standard, known = keys[f.name]
	}
	switch {
	case !known:
		return &fault{key: printable(f.key()), reason: "is not a setting" + f.hint(), offset: f.offset, id: unknownSettingID}, false
	case string(f.value) == "null" || sameJSON(f.value, standard):
		return nil, true
	default:
		return &fault{key: printable(f.key()), reason: reasonForeign, offset: f.offset, id: unavailableID}, true
	}
}

// hint names the setting that was most likely meant: one with nearly that name in the section, or with that name in another one.
func (f foreign) hint() string {
	for _, sections := range []map[string][]string{ownNames, referenceNames} {
		if name := muster.Nearest(f.name, slices.Values(sections[f.section])); name != "" {
			return "; did you mean " + f.section + "." + name + "?"
		}
	}
	for _, section := range sectionNames {
		if slices.Contains(ownNames[section], f.name) {
			return "; did you mean " + section + "." + f.name + "?"
		}
	}
	return ""
}

// unknownSection is what is wrong with a section that neither Muster nor the reference server has.
func unknownSection(name string, offset int) fault {
	hint := muster.Suggest(name, slices.Values(sectionNames))
	return fault{key: printable(name), reason: "is not a section of the settings" + hint, offset: offset, id: unknownSettingID}
}

func sameJSON(a, b json.RawMessage) bool {
	var v, w any
	return json.Unmarshal(a, &v) == nil && json.Unmarshal(b, &w) == nil && reflect.DeepEqual(v, w)
}

// Names by section, in an order that does not change.
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

const shownRunes = 64

// printable makes a key that somebody wrote fit for a message.
func printable(key string) string {
	if r := []rune(key); len(r) > shownRunes {
		key = string(r[:shownRunes]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(key, "\uFFFD"))
}
