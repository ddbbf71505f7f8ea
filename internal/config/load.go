// Package config owns the settings in force: it reads them from their sources, lets administrators change them while
// the server runs, and tells who asked when they change.
//
// Sources, lowest first: defaults, the JSON file, what administrators changed (kept in the database), MUSTER_SECTION_KEY
// variables, flags. A higher source wins key by key.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"muster"
)

const envPrefix = "MUSTER_"

// Options names the sources that are there before the database is.
type Options struct {
	File    string            // path of a JSON file; "" for none
	Environ []string          // NAME=value, as os.Environ gives it
	Flags   map[string]string // value by full key, such as TeamSettings.SiteName
}

// Load reads the sources. The warnings are one line for each source that sets what this version does not read. The error
// names every key that is not known, every value that may not be used and every switch for something that this version does not have, one on a
// line, with where it stands and what would be right, never the value itself.
func Load(o Options) (*Live, []string, error) {
	file, fileErr := readFile(o.File)
	env, envErr := readEnviron(o.Environ)
	flags, flagErr := readFlags(o.Flags)
	warnings := slices.Concat(warnUnread(o.File, file.unread), warnUnread("the environment", env.unread))
	if err := errors.Join(fileErr, envErr, flagErr); err != nil {
		return nil, warnings, err
	}
	maps.Copy(env.set, flags)
	return newLive(file.set, env.set), warnings, nil
}

// source is what a file or the environment sets.
type source struct {
	set    document
	unread []string // what it sets to no effect
}

// warnUnread says that a source sets what has no effect.
func warnUnread(name string, unread []string) []string {
	if len(unread) == 0 {
		return nil
	}
	slices.Sort(unread)
	return []string{fmt.Sprintf("%s sets what this version does not read: %s", name, strings.Join(unread, ", "))}
}

// unavailable reports whether a value sets what nothing reads, and whether it is a switch that turns on what this version does not have: somebody
// would rely on a protection or a way to sign in that is not there.
func unavailable(s *Setting, v any) (unread, misleading bool) {
	unread = s.Later && !s.IsDefault(v)
	return unread, unread && v == true
}

func readFile(path string) (source, error) {
	if path == "" {
		return source{set: document{}}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return source{}, fmt.Errorf("settings file: %w", err)
	}
	return parseFile(path, text)
}

func parseFile(path string, text []byte) (source, error) {
	d := decode(text)
	file := source{set: d.set}
	for _, f := range d.foreign {
		switch wrong, known := f.judge(); {
		case wrong == nil:
		case known:
			file.unread = append(file.unread, printable(f.key()))
		default:
			d.faults = append(d.faults, *wrong)
		}
	}
	for s, v := range d.set {
		unread, misleading := unavailable(s, v)
		if misleading {
			d.faults = append(d.faults, fault{key: s.Key(), reason: reasonLater, offset: d.offsets[s]})
		} else if unread {
			file.unread = append(file.unread, s.Key())
		}
	}
	slices.SortStableFunc(d.faults, func(a, b fault) int { return a.offset - b.offset })
	var faults []error
	for _, f := range d.faults {
		line, column := position(text, f.offset)
		faults = append(faults, fmt.Errorf("%s:%d:%d: %w", path, line, column, f))
	}
	return file, errors.Join(faults...)
}

// EnvName is the variable that sets s: MUSTER_SECTION_KEY in capitals.
func EnvName(s *Setting) string {
	return envName(s.Section, s.Name)
}

func envName(section, name string) string {
	return envPrefix + strings.ToUpper(section) + "_" + strings.ToUpper(name)
}

var byEnvName = func() map[string]*Setting {
	m := map[string]*Setting{}
	for _, s := range Settings() {
		m[EnvName(s)] = s
	}
	return m
}()

var envNames = slices.Sorted(maps.Keys(byEnvName))

// byForeignEnvName finds the settings of the reference server that Muster does not have.
var byForeignEnvName = func() map[string]foreign {
	m := map[string]foreign{}
	for section, keys := range reference {
		for name := range keys {
			m[envName(section, name)] = foreign{section: section, name: name}
		}
	}
	return m
}()

func readEnviron(environ []string) (source, error) {
	env := source{set: document{}}
	var faults []error
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		s, known := byEnvName[name]
		if !known {
			unread, err := foreignVariable(name, text)
			if unread {
				env.unread = append(env.unread, printable(name))
			}
			faults = append(faults, err)
			continue
		}
		v, err := fromText(s, text)
		if err != nil {
			faults = append(faults, fmt.Errorf("variable %s: %w", name, err))
			continue
		}
		env.set[s] = v
		unread, misleading := unavailable(s, v)
		if misleading {
			faults = append(faults, fmt.Errorf("variable %s: %s", name, reasonLater))
		} else if unread {
			env.unread = append(env.unread, name)
		}
	}
	return env, errors.Join(faults...)
}

// foreignVariable judges a variable that no setting has. One that names a section of settings, or nearly names a setting, is a mistake; others may
// be somebody else's: Kubernetes gives every container MUSTER_PORT and MUSTER_SERVICE_HOST where a service is called muster.
func foreignVariable(name, text string) (unread bool, err error) {
	if f, known := byForeignEnvName[name]; known {
		return !holdsText(reference[f.section][f.name], text), nil
	}
	hint := muster.Suggest(name, slices.Values(envNames))
	section, _, _ := strings.Cut(strings.TrimPrefix(name, envPrefix), "_")
	if hint == "" && !slices.ContainsFunc(sectionNames, func(s string) bool { return strings.ToUpper(s) == section }) {
		return true, nil
	}
	return false, fmt.Errorf("variable %s: no setting has that name%s", printable(name), hint)
}

// holdsText reports whether a JSON value is what a variable's text says.
func holdsText(value json.RawMessage, text string) bool {
	var s string
	if json.Unmarshal(value, &s) == nil && string(value) != "null" {
		return s == text
	}
	return string(value) == text || string(value) == "[]" && text == ""
}

func readFlags(flags map[string]string) (document, error) {
	set := document{}
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(flags)) {
		section, name, _ := strings.Cut(key, ".")
		s, known := byKey[section][name]
		if !known {
			return nil, fmt.Errorf("flag: no setting is called %q", key)
		}
		v, err := fromText(s, flags[key])
		if err != nil {
			faults = append(faults, fmt.Errorf("flag for %s: %w", key, err))
		}
		set[s] = v
	}
	return set, errors.Join(faults...)
}
