package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"unicode/utf8"
)

// values holds the settings of one source. Each value has the setting's type.
type values map[*Setting]any

// byKey holds the settings by section and name.
var byKey = func() map[string]map[string]*Setting {
	sections := map[string]map[string]*Setting{}
	for _, s := range Settings() {
		if sections[s.Section] == nil {
			sections[s.Section] = map[string]*Setting{}
		}
		sections[s.Section][s.Name] = s
	}
	return sections
}()

// decoded is a decoded JSON source.
type decoded struct {
	values  values
	offsets map[*Setting]int // of each value in the source
	unknown []unknownKey     // keys that are not settings
	errs    []settingError
}

// decode decodes a JSON object of sections. Null, and the mask of a secret, leave a key unset. If a key occurs twice, the last one counts.
func decode(data []byte) decoded {
	d := decoded{values: values{}, offsets: map[*Setting]int{}}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		d.errs = append(d.errs, settingError{reason: "is not JSON: " + err.Error(), offset: syntaxOffset(err)})
		return d
	}
	sections, ok := members(data)
	if !ok {
		d.errs = append(d.errs, settingError{reason: "must be an object of sections"})
	}
	for _, section := range sections {
		d.section(section)
	}
	return d
}

func (d *decoded) section(section member) {
	names, known := byKey[section.name]
	if _, inReference := reference[section.name]; !known && !inReference {
		d.errs = append(d.errs, unknownSection(section.name, section.offset))
		return
	}
	keys, ok := members(section.value)
	if !ok && !section.isNull() {
		d.errs = append(d.errs, settingError{key: section.name, reason: "must be an object of settings", offset: section.offset})
		return
	}
	for _, key := range keys {
		key.offset += section.offset
		if s, ok := names[key.name]; ok {
			d.setting(s, key)
		} else {
			d.unknown = append(d.unknown, unknownKey{section.name, key.name, key.value, key.offset})
		}
	}
}

func (d *decoded) setting(s *Setting, key member) {
	delete(d.values, s)
	if key.isNull() {
		return
	}
	v, err := fromJSON(s, key.value)
	switch {
	case s.Secret && v == SecretMask:
	case err != nil:
		d.errs = append(d.errs, settingError{key: s.Key(), reason: err.Error(), offset: key.offset})
	default:
		d.values[s], d.offsets[s] = v, key.offset
	}
}

func fromJSON(s *Setting, raw []byte) (any, error) {
	to := reflect.New(s.Type)
	if err := json.Unmarshal(raw, to.Interface()); err != nil {
		return nil, errors.New("must be " + s.Expected())
	}
	v := to.Elem().Interface()
	return v, s.Check(v)
}

func fromText(s *Setting, text string) (any, error) {
	v, err := s.Parse(text)
	if err != nil {
		return nil, err
	}
	return v, s.Check(v)
}

// encode returns the values as JSON that decode can read.
func (d values) encode() ([]byte, error) {
	sections := map[string]map[string]any{}
	for s, v := range d {
		if sections[s.Section] == nil {
			sections[s.Section] = map[string]any{}
		}
		sections[s.Section][s.Name] = v
	}
	return json.Marshal(sections)
}

// member is a name/value pair of a JSON object.
type member struct {
	name   string
	value  json.RawMessage
	offset int // of the value, in bytes
}

func (m member) isNull() bool { return string(m.value) == "null" }

// members returns the members of a JSON object, in order. It returns false if data, which is valid JSON, is not an object.
func members(data []byte) ([]member, bool) {
	dec := json.NewDecoder(bytes.NewReader(data))
	if opening, err := dec.Token(); err != nil || opening != json.Delim('{') {
		return nil, false
	}
	var all []member
	for dec.More() {
		var m member
		name, err := dec.Token()
		if err != nil || dec.Decode(&m.value) != nil {
			return nil, false
		}
		m.name, _ = name.(string)
		m.offset = int(dec.InputOffset()) - len(m.value)
		all = append(all, m)
	}
	return all, true
}

func syntaxOffset(err error) int {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return max(int(syntax.Offset)-1, 0) // the decoder counts the byte it stopped at
	}
	return 0
}

// position returns the line and the column, in characters, of a byte offset. Both start at 1.
func position(text []byte, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return 1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(before[start:])
}
