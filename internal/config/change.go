package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Change is one setting that a patch changes.
type Change struct {
	Setting  *Setting
	Old, New any
}

// Bounds of a description: of a value and of the whole, in runes.
const (
	describedValue = 64
	describedWhole = 4000
)

// Describe puts changes into one line for the audit: each by its key, with the old and the new value unless it is a secret.
func Describe(changes []Change) string {
	if len(changes) == 0 {
		return "config patched: nothing changed"
	}
	var b strings.Builder
	b.WriteString("config patched")
	for i, c := range changes {
		text := c.describe()
		if b.Len()+len(text) > describedWhole {
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
	return c.Setting.Key() + ": " + described(c.Old) + " -> " + described(c.New)
}

func described(v any) string {
	text := fmt.Sprint(v)
	if s, ok := v.(string); ok {
		text = strconv.Quote(s)
	}
	if r := []rune(text); len(r) > describedValue {
		text = string(r[:describedValue]) + "…"
	}
	return text
}
