// Package config manages the settings: it loads them from their sources, lets administrators change them while the server
// runs, and notifies listeners of changes.
//
// The sources are, in increasing order of precedence: defaults, the JSON file, changes by administrators (stored in the database),
// MUSTER_SECTION_KEY variables, and flags. They are merged key by key.
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

// Options are the sources that can be read before the database is opened.
type Options struct {
	File    string            // path of a JSON file; "" for none
	Environ []string          // NAME=value, as from os.Environ
	Flags   map[string]string // values by full key, such as TeamSettings.SiteName
}

// Load reads the sources. It returns a warning for each source with settings that this version ignores. The error has one line for each
// unknown key, invalid value and setting that turns on what this version doesn't have. Each line says where it is and what would be valid,
// but never contains the value, which may be a secret.
func Load(o Options) (*Manager, []string, error) {
	file, fileErr := readFile(o.File)
	env, envErr := readEnviron(o.Environ)
	flags, flagErr := readFlags(o.Flags)
	warnings := slices.Concat(ignoredWarning(o.File, file.ignored), ignoredWarning("the environment", env.ignored))
	if err := errors.Join(fileErr, envErr, flagErr); err != nil {
		return nil, warnings, err
	}
	maps.Copy(env.values, flags)
	return newManager(file.values, env.values), warnings, nil
}

// source is the contents of a file or the environment.
type source struct {
	values  values
	ignored []string // keys of settings that have no effect
}

// ignoredWarning returns a warning that names the ignored settings of a source, if there are any.
func ignoredWarning(name string, ignored []string) []string {
	if len(ignored) == 0 {
		return nil
	}
	slices.Sort(ignored)
	return []string{fmt.Sprintf("%s contains settings that this version ignores: %s", name, strings.Join(ignored, ", "))}
}

// checkSupport reports whether the setting has no effect with this value. That is fatal if it turns on something that this version doesn't
// have, because somebody would rely on a protection or a login method that is missing.
func checkSupport(s *Setting, v any) (ignored, fatal bool) {
	ignored = s.Unsupported && !s.IsDefault(v)
	return ignored, ignored && v == true
}

func readFile(path string) (source, error) {
	if path == "" {
		return source{values: values{}}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return source{}, fmt.Errorf("settings file: %w", err)
	}
	return parseFile(path, text)
}

func parseFile(path string, text []byte) (source, error) {
	d := decode(text)
	file := source{values: d.values}
	for _, k := range d.unknown {
		switch err, known := k.check(); {
		case err == nil:
		case known:
			file.ignored = append(file.ignored, printable(k.key()))
		default:
			d.errs = append(d.errs, *err)
		}
	}
	for s, v := range d.values {
		ignored, fatal := checkSupport(s, v)
		if fatal {
			d.errs = append(d.errs, settingError{key: s.Key(), reason: reasonUnsupported, offset: d.offsets[s]})
		} else if ignored {
			file.ignored = append(file.ignored, s.Key())
		}
	}
	slices.SortStableFunc(d.errs, func(a, b settingError) int { return a.offset - b.offset })
	var errs []error
	for _, e := range d.errs {
		line, column := position(text, e.offset)
		errs = append(errs, fmt.Errorf("%s:%d:%d: %w", path, line, column, e))
	}
	return file, errors.Join(errs...)
}

// EnvName returns the name of the environment variable that sets s: MUSTER_SECTION_KEY in capitals.
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

// referenceByEnvName holds the settings of the reference server that Muster doesn't have, by the variable that would set them.
var referenceByEnvName = func() map[string]unknownKey {
	m := map[string]unknownKey{}
	for section, keys := range reference {
		for name := range keys {
			m[envName(section, name)] = unknownKey{section: section, name: name}
		}
	}
	return m
}()

func readEnviron(environ []string) (source, error) {
	env := source{values: values{}}
	var errs []error
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		s, known := byEnvName[name]
		if !known {
			ignored, err := checkUnknownVariable(name, text)
			if ignored {
				env.ignored = append(env.ignored, printable(name))
			}
			errs = append(errs, err)
			continue
		}
		v, err := fromText(s, text)
		if err != nil {
			errs = append(errs, fmt.Errorf("variable %s: %w", name, err))
			continue
		}
		env.values[s] = v
		ignored, fatal := checkSupport(s, v)
		if fatal {
			errs = append(errs, fmt.Errorf("variable %s: %s", name, reasonUnsupported))
		} else if ignored {
			env.ignored = append(env.ignored, name)
		}
	}
	return env, errors.Join(errs...)
}

// checkUnknownVariable returns an error for a variable that starts with the name of a section or resembles a setting's. Other unknown
// variables are ignored: Kubernetes sets MUSTER_PORT and MUSTER_SERVICE_HOST in every container if a service is named muster.
func checkUnknownVariable(name, text string) (ignored bool, err error) {
	if f, known := referenceByEnvName[name]; known {
		return !equalsText(reference[f.section][f.name], text), nil
	}
	hint := muster.Suggest(name, slices.Values(envNames))
	section, _, _ := strings.Cut(strings.TrimPrefix(name, envPrefix), "_")
	if hint == "" && !slices.ContainsFunc(sectionNames, func(s string) bool { return strings.ToUpper(s) == section }) {
		return true, nil
	}
	return false, fmt.Errorf("variable %s: is not a setting%s", printable(name), hint)
}

// equalsText reports whether a JSON value equals the text of a variable.
func equalsText(value json.RawMessage, text string) bool {
	var s string
	if json.Unmarshal(value, &s) == nil && string(value) != "null" {
		return s == text
	}
	return string(value) == text || string(value) == "[]" && text == ""
}

func readFlags(flags map[string]string) (values, error) {
	set := values{}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(flags)) {
		section, name, _ := strings.Cut(key, ".")
		s, known := byKey[section][name]
		if !known {
			return nil, fmt.Errorf("flag: %q is not a setting", key)
		}
		v, err := fromText(s, flags[key])
		if err != nil {
			errs = append(errs, fmt.Errorf("flag for %s: %w", key, err))
		}
		set[s] = v
	}
	return set, errors.Join(errs...)
}
