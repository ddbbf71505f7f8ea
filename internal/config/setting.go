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

// Bounds of the settings that name none of their own.
const (
	settingMaxRunes = 4096
	settingMaxItems = 100
)

// Setting describes one key of Config. It is read from the key's struct tags:
//
//	default:"8"              as Parse reads it
//	min:"5" max:"72"         of a number; max of a string is in characters
//	oneof:"any,team"         the only values
//	format:"url"             a name in settingFormats
//	is:"secret,later"        the marks below
//	sentto:"Server,Port"     of a secret: the settings of its section that say where it is sent and as whom; "-" for nowhere
//	desc:"..."               what it does, for docs/configuration.md
type Setting struct {
	Section, Name string
	Type          reflect.Type // string, bool, int, int64 or []string
	Default       string
	Description   string
	Secret        bool // never shown
	Restart       bool // a change waits for the next start
	Later         bool // nothing in this version reads it, so it keeps its default
	Bootstrap     bool // read before the database is open, so never kept in it

	SentTo []*Setting // of a secret: a change of one of them needs the secret given anew

	min, max       *int64
	oneOf          []string
	format         string
	section, field int
}

var settings = declaredSettings()

// Settings gives every setting in the order of declaration; callers only read it.
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
			for mark := range strings.SplitSeq(f.Tag.Get("is"), ",") {
				s.mark(mark)
			}
			all = append(all, s)
		}
	}
	for _, s := range all {
		s.SentTo = sentTo(s, all)
	}
	return all
}

// sentTo returns the settings that a secret's tag names.
func sentTo(s *Setting, all []*Setting) []*Setting {
	tag := reflect.TypeFor[Config]().Field(s.section).Type.Field(s.field).Tag.Get("sentto")
	if s.Secret != (tag != "") {
		panic("a secret, and nothing else, says where it is sent: " + s.Key()) // a broken tag, seen by every test
	}
	if tag == "" || tag == "-" {
		return nil
	}
	var targets []*Setting
	for name := range strings.SplitSeq(tag, ",") {
		i := slices.IndexFunc(all, func(t *Setting) bool { return t.section == s.section && t.Name == name })
		if i < 0 {
			panic("no setting " + name + " beside " + s.Key()) // a broken tag, seen by every test
		}
		targets = append(targets, all[i])
	}
	return targets
}

func (s *Setting) mark(name string) {
	switch name {
	case "secret":
		s.Secret = true
	case "restart":
		s.Restart = true
	case "later":
		s.Later = true
	case "bootstrap":
		s.Bootstrap, s.Restart = true, true
	case "":
	default:
		panic("unknown mark " + name + " on " + s.Key()) // a broken tag, seen by every test
	}
}

func bound(tag reflect.StructTag, name string) *int64 {
	text, ok := tag.Lookup(name)
	if !ok {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(fmt.Errorf("tag %s: %w", tag, err)) // a broken tag, seen by every test
	}
	return &n
}

// Key is the setting's full name, Section.Name.
func (s *Setting) Key() string { return s.Section + "." + s.Name }

// Get gives the setting's value in c. A list is c's own.
func (s *Setting) Get(c *Config) any { return s.in(c).Interface() }

// Set puts v, which has the setting's type, into c.
func (s *Setting) Set(c *Config, v any) { s.in(c).Set(reflect.ValueOf(v)) }

func (s *Setting) in(c *Config) reflect.Value {
	return reflect.ValueOf(c).Elem().Field(s.section).Field(s.field)
}

// IsDefault reports whether v, of the setting's type, is its default.
func (s *Setting) IsDefault(v any) bool {
	d, err := s.Parse(s.Default)
	return err == nil && reflect.DeepEqual(d, v)
}

// Equal reports whether the setting has the same value in two configs.
func (s *Setting) Equal(c, d *Config) bool { return reflect.DeepEqual(s.Get(c), s.Get(d)) }

// TypeName says in words what kind of value the setting takes.
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

// Parse reads the setting's value from text, as a variable or a flag holds it; commas or spaces separate a list's items.
// It looks at the type alone, Check at the value.
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
		return nil, errors.New("must be " + s.Wants())
	}
	return v, nil
}

// Check tells what is wrong with a value of the setting's type, in words that never repeat the value: it may be a secret.
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
			return fmt.Errorf("must hold at most %d items", settingMaxItems)
		}
		if slices.Contains(v, "") {
			return errors.New("must hold no empty item")
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
	longest := int64(settingMaxRunes)
	if s.max != nil {
		longest = *s.max
	}
	switch {
	case int64(utf8.RuneCountInString(v)) > longest:
		return fmt.Errorf("must be at most %d characters long", longest)
	case !muster.ValidText(v, settingMaxRunes):
		return errors.New("must be text in UTF-8 without control characters")
	case s.oneOf != nil && !slices.Contains(s.oneOf, v):
		return errors.New("must be " + s.Rule() + muster.Suggest(v, slices.Values(s.oneOf)))
	case s.format != "" && !settingFormats[s.format].holds(v):
		return errors.New("must be " + s.Rule())
	}
	return nil
}

// Wants completes "must be ..." with the type of value that the setting takes, and which.
func (s *Setting) Wants() string {
	switch rule := s.Rule(); {
	case rule == "":
		return s.TypeName()
	case s.oneOf != nil:
		return rule
	default:
		return s.TypeName() + ", " + rule
	}
}

// Rule completes "must be ..." with the values that the setting takes; "" where its type says it all.
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
		return settingFormats[s.format].wants
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
	wants string // completes "must be ..."
	holds func(string) bool
}

var localeForm = regexp.MustCompile(`^[a-z]{2}(-[A-Z]{2})?$`)

func isMailAddress(v string) bool {
	return muster.ValidEmail(strings.ToLower(v))
}

// settingFormats names the forms that a text setting can ask for.
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

// ParseNetwork reads a network such as 10.1.0.0/16, or a single address. The network of all addresses is refused: no setting means it.
func ParseNetwork(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, addrErr := netip.ParseAddr(text)
		if addrErr != nil || a.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("no network or address: %w", errors.Join(err, addrErr))
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if a := p.Addr(); a.Is4In6() {
		return netip.Prefix{}, errors.New("an IPv4 address in the form of an IPv6 one")
	}
	if p.Bits() == 0 {
		return netip.Prefix{}, errors.New("the network of all addresses")
	}
	return p.Masked(), nil
}
