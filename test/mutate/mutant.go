package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// mutant is one small change of the program.
type mutant struct {
	number   int    // its switch in the mutated program
	id       string // a hash that doesn't depend on line or file
	dir      string // of the package, relative to the module
	file     string // relative to the module
	line     int
	function string
	kind     string
	old, new string
}

func (m *mutant) String() string {
	return fmt.Sprintf("%s %s:%d %s (%s)\n    - %s\n    + %s", m.id, m.file, m.line, m.function, m.kind, m.old, m.new)
}

// source collects mutants and assigns them numbers and ids.
type source struct {
	mutants []*mutant
	same    map[string]int
	skip    map[string]bool // ids of mutants that don't compile
}

// add registers a mutant and reports whether it is wanted.
func (s *source) add(m *mutant) (number int, wanted bool) {
	m.old, m.new = oneLine(m.old), oneLine(m.new)
	key := strings.Join([]string{m.function, m.kind, m.old, m.new}, "\x00")
	s.same[key]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, s.same[key]))
	m.id = hex.EncodeToString(sum[:4])
	if s.skip[m.id] || slices.ContainsFunc(s.mutants, func(o *mutant) bool { return o.id == m.id }) {
		return 0, false
	}
	m.number = len(s.mutants)
	s.mutants = append(s.mutants, m)
	return m.number, true
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
