package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"muster"
)

// Limits of settings without limits of their own.
const (
	settingMaxRunes = 4096
	settingMaxItems = 100
)

// Setting describes one key of Config. It is defined by the field's struct tags:
//
//	default:"8"              in the form that Parse accepts
//	min:"5" max:"72"         of a number; max of a string is in characters
//	oneof:"any,team"         the allowed values
//	format:"url"             a name in settingFormats
//	is:"secret,restart"      flags: secret, restart, unsupported, bootstrap
//	sentto:"Server,Port"     for a secret: the settings of its section that determine where it is sent; "-" if it isn't sent anywhere
//	desc:"..."               what it does, for docs/configuration.md
type Setting struct {
	Section, Name string
	Type          reflect.Type // string, bool, int, int64 or []string
	Default       string
	Description   string
	Secret        bool // never returned
	Restart       bool // a change takes effect at the next start
	Unsupported   bool // this version ignores it; it keeps its default
	Bootstrap     bool // read before the database is opened, so not stored there; implies Restart

	SentTo []*Setting // for a secret: changing one of these requires entering the secret again

	min, max       *int64
	oneOf          []string
	format         string
	section, field int
}

var settings = declaredSettings()

// Settings returns all settings in the order of declaration. Callers must not modify them.
func Settings() []*Setting { return settings }

func declaredSettings() []*Setting {
	var all []*Setting
	config := reflect.TypeFor[Config]()
	for i := range config.NumField() {
		section := config.Field(i)
		for j := range section.Type.NumField() {
			f := section.Type.Field(j)
			s := &Setting{
				Section: section.Name, Name: f.Name, Type: f.Type,
				Default: f.Tag.Get("default"), Description: f.Tag.Get("desc"), format: f.Tag.Get("format"),
				min: bound(f.Tag, "min"), max: bound(f.Tag, "max"),
				section: i, field: j,
			}
			if list, ok := f.Tag.Lookup("oneof"); ok {
				s.oneOf = strings.Split(list, ",")
			}
			for flag := range strings.SplitSeq(f.Tag.Get("is"), ",") {
				s.setFlag(flag)
			}
			all = append(all, s)
		}
	}
	for _, s := range all {
		s.SentTo = sentTo(s, all)
	}
	return all
}

// sentTo returns the settings named in a secret's sentto tag.
func sentTo(s *Setting, all []*Setting) []*Setting {
	tag := reflect.TypeFor[Config]().Field(s.section).Type.Field(s.field).Tag.Get("sentto")
	if s.Secret != (tag != "") {
		panic("sentto is required for secrets and only allowed there: " + s.Key()) // a bad struct tag; any test finds it
	}
	if tag == "" || tag == "-" {
		return nil
	}
	var targets []*Setting
	for name := range strings.SplitSeq(tag, ",") {
		i := slices.IndexFunc(all, func(t *Setting) bool { return t.section == s.section && t.Name == name })
		if i < 0 {
			panic("no setting " + name + " beside " + s.Key()) // a bad struct tag; any test finds it
		}
		targets = append(targets, all[i])
	}
	return targets
}

func (s *Setting) setFlag(name string) {
	switch name {
	case "secret":
		s.Secret = true
	case "restart":
		s.Restart = true
	case "unsupported":
		s.Unsupported = true
	case "bootstrap":
		s.Bootstrap, s.Restart = true, true
	case "":
	default:
		panic("unknown flag " + name + " on " + s.Key()) // a bad struct tag; any test finds it
	}
}

func bound(tag reflect.StructTag, name string) *int64 {
	text, ok := tag.Lookup(name)
	if !ok {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(fmt.Errorf("tag %s: %w", tag, err)) // a bad struct tag; any test finds it
	}
	return &n
}

// Key returns the setting's full name, Section.Name.
func (s *Setting) Key() string { return s.Section + "." + s.Name }

// Get returns the setting's value in c. A list is not copied.
func (s *Setting) Get(c *Config) any { return s.in(c).Interface() }

// Set sets the setting's value in c. v must have the setting's type.
func (s *Setting) Set(c *Config, v any) { s.in(c).Set(reflect.ValueOf(v)) }

func (s *Setting) in(c *Config) reflect.Value {
	return reflect.ValueOf(c).Elem().Field(s.section).Field(s.field)
}

// IsDefault reports whether v is the setting's default.
func (s *Setting) IsDefault(v any) bool {
	d, err := s.Parse(s.Default)
	return err == nil && reflect.DeepEqual(d, v)
}

// Equal reports whether the setting has the same value in two configs.
func (s *Setting) Equal(c, d *Config) bool { return reflect.DeepEqual(s.Get(c), s.Get(d)) }

// TypeName returns the setting's type in words.
func (s *Setting) TypeName() string {
	switch s.Type.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "a list of strings"
	default:
		return "a string"
	}
}

// Parse converts the text of a variable or a flag to the setting's type. Commas or spaces separate the items of a list.
// It doesn't validate the value; Check does.
func (s *Setting) Parse(text string) (any, error) {
	var v any
	var err error
	switch s.Type.Kind() {
	case reflect.Bool:
		v, err = strconv.ParseBool(text)
	case reflect.Int:
		v, err = strconv.Atoi(text)
	case reflect.Int64:
		v, err = strconv.ParseInt(text, 10, 64)
	case reflect.Slice:
		separator := func(r rune) bool { return r == ',' || r == ' ' }
		v = append([]string{}, strings.FieldsFunc(text, separator)...)
	default:
		v = text
	}
	if err != nil {
		return nil, errors.New("must be " + s.Expected())
	}
	return v, nil
}

// Check returns an error if v, which must have the setting's type, is invalid. The error never contains the value, which may be a secret.
func (s *Setting) Check(v any) error {
	switch v := v.(type) {
	case int:
		return s.checkNumber(int64(v))
	case int64:
		return s.checkNumber(v)
	case string:
		return s.checkText(v)
	case []string:
		if len(v) > settingMaxItems {
			return fmt.Errorf("must have at most %d items", settingMaxItems)
		}
		if slices.Contains(v, "") {
			return errors.New("must have no empty items")
		}
		for _, item := range v {
			if err := s.checkText(item); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Setting) checkNumber(n int64) error {
	if s.min != nil && n < *s.min || s.max != nil && n > *s.max {
		return errors.New("must be " + s.Rule())
	}
	return nil
}

func (s *Setting) checkText(v string) error {
	limit := int64(settingMaxRunes)
	if s.max != nil {
		limit = *s.max
	}
	switch {
	case int64(utf8.RuneCountInString(v)) > limit:
		return fmt.Errorf("must be at most %d characters long", limit)
	case !muster.ValidText(v, settingMaxRunes):
		return errors.New("must be text in UTF-8 without control characters")
	case s.oneOf != nil && !slices.Contains(s.oneOf, v):
		return errors.New("must be " + s.Rule() + muster.Suggest(v, slices.Values(s.oneOf)))
	case s.format != "" && !settingFormats[s.format].valid(v):
		return errors.New("must be " + s.Rule())
	}
	return nil
}

// Expected completes "must be ..." with the type and values that the setting accepts.
func (s *Setting) Expected() string {
	switch rule := s.Rule(); {
	case rule == "":
		return s.TypeName()
	case s.oneOf != nil:
		return rule
	default:
		return s.TypeName() + ", " + rule
	}
}

// Rule completes "must be ..." with the values that the setting accepts. It is empty if any value of the type is valid.
func (s *Setting) Rule() string {
	isText := s.Type.Kind() == reflect.String
	switch {
	case s.oneOf != nil:
		quoted := make([]string, len(s.oneOf))
		for i, v := range s.oneOf {
			quoted[i] = strconv.Quote(v)
		}
		return "one of " + strings.Join(quoted, ", ")
	case s.format != "":
		return settingFormats[s.format].expected
	case s.max != nil && isText:
		return fmt.Sprintf("at most %d characters", *s.max)
	case s.min != nil && s.max != nil:
		return fmt.Sprintf("%d to %d", *s.min, *s.max)
	case s.min != nil:
		return fmt.Sprintf("%d or more", *s.min)
	}
	return ""
}

type settingFormat struct {
	expected string // completes "must be ..."
	valid    func(string) bool
}

var localeForm = regexp.MustCompile(`^[a-z]{2}(-[A-Z]{2})?$`)

func isMailAddress(v string) bool {
	return muster.ValidEmail(strings.ToLower(v))
}

// settingFormats holds the values of the format tag.
var settingFormats = map[string]settingFormat{
	"url":      {"an http or https URL with a host, or empty", emptyOr(isWebURL)},
	"ws":       {"a ws or wss URL with a host, or empty", emptyOr(func(v string) bool { return isURL(v, "ws", "wss") })},
	"address":  {"HOST:PORT", isAddress},
	"optional": {"HOST:PORT, or empty", emptyOr(isAddress)},
	"email":    {"an email address, or empty", emptyOr(isMailAddress)},
	"port":     {"a port number from 1 to 65535, or empty", emptyOr(isPort)},
	"locale":   {"a language such as en or pt-BR", localeForm.MatchString},
	"key":      {"32 characters or more, or empty", emptyOr(func(v string) bool { return len(v) >= 32 })},
	"network":  {"networks such as 10.1.0.0/16 or single addresses", isNetwork},
	"database": {"a postgres:// URL, or empty", emptyOr(func(v string) bool { return isURL(v, "postgres", "postgresql") })},
}

func emptyOr(holds func(string) bool) func(string) bool {
	return func(v string) bool { return v == "" || holds(v) }
}

func isWebURL(v string) bool { return isURL(v, "http", "https") }

func isURL(v string, schemes ...string) bool {
	u, err := url.Parse(v)
	return err == nil && slices.Contains(schemes, u.Scheme) && u.Host != ""
}

func isAddress(v string) bool {
	_, port, err := net.SplitHostPort(v)
	return err == nil && (port == "0" || isPort(port))
}

func isPort(v string) bool {
	n, err := strconv.ParseUint(v, 10, 16)
	return err == nil && n > 0
}

func isNetwork(v string) bool {
	_, err := ParseNetwork(v)
	return err == nil
}

// ParseNetwork parses a network such as 10.1.0.0/16, or a single address. It rejects the network of all addresses, which is surely a mistake.
func ParseNetwork(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, addrErr := netip.ParseAddr(text)
		if addrErr != nil || a.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("not a network or an address: %w", errors.Join(err, addrErr))
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if a := p.Addr(); a.Is4In6() {
		return netip.Prefix{}, errors.New("IPv4-mapped IPv6 address")
	}
	if p.Bits() == 0 {
		return netip.Prefix{}, errors.New("network of all addresses")
	}
	return p.Masked(), nil
}
