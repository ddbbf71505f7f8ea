package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"unicode/utf8"
)

// document is what one source sets: a value of the setting's own type for each key that it names.
type document map[*Setting]any

// byKey finds a setting by section and name.
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

// decoded is what a JSON source came to.
type decoded struct {
	set     document
	offsets map[*Setting]int // where in the source each value is
	foreign []foreign        // keys that no setting has
	faults  []fault
}

// decode reads settings nested by section. A null leaves its key unset, and so does the mask of a secret; of a key that
// comes twice the last counts.
func decode(data []byte) decoded {
	d := decoded{set: document{}, offsets: map[*Setting]int{}}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		d.faults = append(d.faults, fault{reason: "is not JSON: " + err.Error(), offset: syntaxOffset(err)})
		return d
	}
	sections, ok := members(data)
	if !ok {
		d.faults = append(d.faults, fault{reason: "must be an object of sections"})
	}
	for _, section := range sections {
		d.section(section)
	}
	return d
}

func (d *decoded) section(section member) {
	names, ours := byKey[section.name]
	if _, theirs := reference[section.name]; !ours && !theirs {
		d.faults = append(d.faults, unknownSection(section.name, section.offset))
		return
	}
	keys, ok := members(section.value)
	if !ok && !section.isNull() {
		d.faults = append(d.faults, fault{key: section.name, reason: "must be an object of settings", offset: section.offset})
		return
	}
	for _, key := range keys {
		key.offset += section.offset
		if s, ok := names[key.name]; ok {
			d.setting(s, key)
		} else {
			d.foreign = append(d.foreign, foreign{section.name, key.name, key.value, key.offset})
		}
	}
}

func (d *decoded) setting(s *Setting, key member) {
	delete(d.set, s)
	if key.isNull() {
		return
	}
	v, err := fromJSON(s, key.value)
	switch {
	case s.Secret && v == SecretMask:
	case err != nil:
		d.faults = append(d.faults, fault{key: s.Key(), reason: err.Error(), offset: key.offset})
	default:
		d.set[s], d.offsets[s] = v, key.offset
	}
}

func fromJSON(s *Setting, raw []byte) (any, error) {
	to := reflect.New(s.Type)
	if err := json.Unmarshal(raw, to.Interface()); err != nil {
		return nil, errors.New("must be " + s.Wants())
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

// encode gives the document as JSON that decode reads.
func (d document) encode() ([]byte, error) {
	sections := map[string]map[string]any{}
	for s, v := range d {
		if sections[s.Section] == nil {
			sections[s.Section] = map[string]any{}
		}
		sections[s.Section][s.Name] = v
	}
	return json.Marshal(sections)
}

// member is one key of a JSON object.
type member struct {
	name   string
	value  json.RawMessage
	offset int // of the value, in bytes
}

func (m member) isNull() bool { return string(m.value) == "null" }

// members splits an object of valid JSON; false for any other value.
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

// position turns an offset into line and column, both from 1, the column in characters.
func position(text []byte, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return 1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(before[start:])
}
