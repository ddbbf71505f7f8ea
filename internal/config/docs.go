package config

import (
	"fmt"
	"strings"
)

//go:generate go test . -run ^TestConfigurationDocument$ -update

const intro = `# Configuration

<!-- Generated from the config types by "go generate ./..."; change the tags in config_*.go instead. -->

Muster runs without any settings. To change one, use any of these; a later line wins over an earlier one, key by key:

1. the default;
2. a JSON file, ` + "`muster serve --config FILE`" + `: ` + "`{\"TeamSettings\": {\"SiteName\": \"Example\"}}`" + `. Names are those of the
   reference server, whose own file loads: its settings that Muster does not have are named in one warning where they differ from their defaults;
3. what an administrator changed with ` + "`PUT /api/v4/config/patch`" + `: it takes effect at once and is kept in the database;
4. environment variables, ` + "`MUSTER_SECTION_KEY`" + ` in capitals: commas or spaces separate the items of a list;
5. flags of ` + "`muster serve`" + `.

A key that nobody knows and a value of the wrong type or out of its range stop the start; the message names the place, the key and what would
be right. In a patch they are refused and nothing changes. A patch of a key that a variable or a flag sets is kept, but shows only
once the variable or flag is gone. ` + "`null`" + ` leaves a key as it is.

A secret is sent only where it was given for: a patch that changes one of the settings named with it gives the secret again, or empties it.

Marks: **secret** is never shown (answers hold 32 asterisks, which sent back mean "as it was"); **restart** takes effect at the next
start; **not from the API** cannot be patched; **not yet** has only its default: nothing in this version reads it, a patch of another value is
refused, a file or variable that turns it on stops the start, and any other value there is named in a warning.
`

// Markdown gives docs/configuration.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(intro)
	section := ""
	for _, s := range Settings() {
		if s.Section != section {
			section = s.Section
			fmt.Fprintf(&b, "\n## %s\n\n| Key | Takes | Default | What it does | Variable |\n| --- | --- | --- | --- | --- |\n", section)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | `%s` |\n", s.Name, takes(s), shownDefault(s), describe(s), EnvName(s))
	}
	return b.String()
}

func takes(s *Setting) string {
	rule := s.Rule()
	if rule == "" {
		return s.TypeName()
	}
	return s.TypeName() + "; " + rule
}

func shownDefault(s *Setting) string {
	if s.Default == "" {
		return "empty"
	}
	return "`" + s.Default + "`"
}

func describe(s *Setting) string {
	text := s.Description
	for _, mark := range []struct {
		set  bool
		name string
	}{{s.Secret, "secret"}, {s.Restart, "restart"}, {s.Bootstrap, "not from the API"}, {s.Later, "not yet"}} {
		if mark.set {
			text += " **" + mark.name + "**"
		}
	}
	if len(s.SentTo) > 0 {
		names := make([]string, len(s.SentTo))
		for i, t := range s.SentTo {
			names[i] = t.Name
		}
		text += " Given for " + strings.Join(names, ", ") + "."
	}
	return text
}
