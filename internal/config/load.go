// Package config owns the settings in force: it reads them from their sources, lets administrators change them while
// the server runs, and tells who asked when they change.
//
// Sources, lowest first: defaults, the JSON file, what administrators changed (kept in the database), MUSTER_SECTION_KEY
// variables, flags. A higher source wins key by key.
package config

import (
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
// names every value that may not be used, one on a line, with where it stands and why, never the value itself.
func Load(o Options) (*Live, []string, error) {
	var warnings []string
	warn := func(source string, unread []string) {
		if len(unread) > 0 {
			slices.Sort(unread)
			warnings = append(warnings, fmt.Sprintf("%s sets what this version does not read: %s", source, strings.Join(unread, ", ")))
		}
	}
	file, unread, fileErr := readFile(o.File)
	warn(o.File, unread)
	env, unread, envErr := readEnviron(o.Environ)
	warn("the environment", unread)
	flags, flagErr := readFlags(o.Flags)
	if err := errors.Join(fileErr, envErr, flagErr); err != nil {
		return nil, warnings, err
	}
	maps.Copy(env, flags)
	return newLive(file, env), warnings, nil
}

func readFile(path string) (set document, unread []string, err error) {
	if path == "" {
		return document{}, nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("settings file: %w", err)
	}
	return parseFile(path, text)
}

func parseFile(path string, text []byte) (set document, unread []string, err error) {
	d := decode(text)
	var faults []error
	for _, f := range d.faults {
		line, column := position(text, f.offset)
		place := fmt.Sprintf("%s:%d:%d", path, line, column)
		faults = append(faults, fmt.Errorf("%s: %w", place, f))
	}
	unread = d.unknown
	for s := range d.set {
		if s.Later {
			unread = append(unread, s.Key())
		}
	}
	return d.set, unread, errors.Join(faults...)
}

// EnvName is the variable that sets s: MUSTER_SECTION_KEY in capitals.
func EnvName(s *muster.Setting) string {
	return envPrefix + strings.ToUpper(s.Section) + "_" + strings.ToUpper(s.Name)
}

var byEnvName = func() map[string]*muster.Setting {
	m := map[string]*muster.Setting{}
	for _, s := range muster.Settings() {
		m[EnvName(s)] = s
	}
	return m
}()

func readEnviron(environ []string) (set document, unread []string, err error) {
	set = document{}
	var faults []error
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		s, known := byEnvName[name]
		if !known || s.Later {
			unread = append(unread, name)
		}
		if !known {
			continue
		}
		if set[s], err = fromText(s, text); err != nil {
			faults = append(faults, fmt.Errorf("variable %s: %w", name, err))
		}
	}
	return set, unread, errors.Join(faults...)
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
