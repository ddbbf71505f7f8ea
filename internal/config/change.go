package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Change is the change of one setting by a patch.
type Change struct {
	Setting  *Setting
	Old, New any
}

// Limits of a description.
const (
	maxDescribedValueRunes = 64
	maxDescriptionBytes    = 4000
)

// Describe returns a line for the audit log with the key and, except for secrets, the old and new value of each change.
func Describe(changes []Change) string {
	if len(changes) == 0 {
		return "config patched: nothing changed"
	}
	var b strings.Builder
	b.WriteString("config patched")
	for i, c := range changes {
		text := c.describe()
		if b.Len()+len(text) > maxDescriptionBytes {
			fmt.Fprintf(&b, "; and %d more", len(changes)-i)
			break
		}
		b.WriteString("; " + text)
	}
	return b.String()
}

func (c Change) describe() string {
	switch {
	case c.Setting.Secret && c.New == "":
		return c.Setting.Key() + " removed"
	case c.Setting.Secret:
		return c.Setting.Key() + " changed"
	}
	return c.Setting.Key() + ": " + formatValue(c.Old) + " -> " + formatValue(c.New)
}

func formatValue(v any) string {
	text := fmt.Sprint(v)
	if s, ok := v.(string); ok {
		text = strconv.Quote(s)
	}
	if r := []rune(text); len(r) > maxDescribedValueRunes {
		text = string(r[:maxDescribedValueRunes]) + "…"
	}
	return text
}
