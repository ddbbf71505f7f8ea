package config

import (
	"fmt"
	"strings"
)

//go:generate go test . -run ^TestConfigurationDocument$ -update

const intro = `# Configuration

<!-- Generated from the struct tags in internal/config by "go generate ./..."; change those instead. -->

Muster needs no settings to run. They come from these sources, merged key by key; a later source overrides earlier ones:

1. the default;
2. a JSON file, ` + "`muster serve --config FILE`" + `: ` + "`{\"TeamSettings\": {\"SiteName\": \"Example\"}}`" + `. Names are those of the
   reference server, whose own file works, too. If the file changes settings that Muster doesn't have, a warning lists them;
3. changes by administrators with ` + "`PUT /api/v4/config/patch`" + `, which take effect immediately and are stored in the database;
4. environment variables named ` + "`MUSTER_SECTION_KEY`" + `, in capitals. Commas or spaces separate the items of a list;
5. flags of ` + "`muster serve`" + `.

` + "`null`" + ` leaves a key unchanged. The server doesn't start with unknown keys or invalid values; the error names the place, the key and what is
valid. A patch with such a key is refused as a whole. If a variable or a flag sets a key, a patch of it is stored but only takes effect once the
variable or flag is removed.

A secret is only sent to the server it was entered for. A patch that changes one of the settings listed with a secret ("entered for") must
contain the secret, or clear it.

Flags in the tables:

- **secret** is never returned: responses contain 32 asterisks, which mean "unchanged" when sent back.
- **restart** takes effect at the next start.
- **not from the API** can't be patched.
- **not yet** is ignored by this version. A patch must leave it at its default. The server doesn't start if a file or variable turns such a
  feature on, and warns about other values.
`

// Markdown returns the contents of docs/configuration.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(intro)
	section := ""
	for _, s := range Settings() {
		if s.Section != section {
			section = s.Section
			fmt.Fprintf(&b, "\n## %s\n\n| Key | Value | Default | Description | Variable |\n| --- | --- | --- | --- | --- |\n", section)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | `%s` |\n", s.Name, valueColumn(s), defaultColumn(s), descriptionColumn(s), EnvName(s))
	}
	return b.String()
}

func valueColumn(s *Setting) string {
	rule := s.Rule()
	if rule == "" {
		return s.TypeName()
	}
	return s.TypeName() + "; " + rule
}

func defaultColumn(s *Setting) string {
	if s.Default == "" {
		return "empty"
	}
	return "`" + s.Default + "`"
}

func descriptionColumn(s *Setting) string {
	text := s.Description
	for _, flag := range []struct {
		set  bool
		name string
	}{{s.Secret, "secret"}, {s.Restart, "restart"}, {s.Bootstrap, "not from the API"}, {s.Unsupported, "not yet"}} {
		if flag.set {
			text += " **" + flag.name + "**"
		}
	}
	if len(s.SentTo) > 0 {
		names := make([]string, len(s.SentTo))
		for i, t := range s.SentTo {
			names[i] = t.Name
		}
		text += " Entered for " + strings.Join(names, ", ") + "."
	}
	return text
}
