package main

import (
	"slices"
	"strings"
)

// edits are nested changes of a file's text: outer expressions must be wrapped before those inside them. No edit adds a line, so that line numbers stay
// those of the original.
type edits struct {
	before  map[int]string // by offset in the original
	after   map[int]string
	replace map[int]replacement
}

type replacement struct {
	end  int
	text string
}

func newEdits() *edits {
	return &edits{before: map[int]string{}, after: map[int]string{}, replace: map[int]replacement{}}
}

// wrap puts text around [from, to).
func (e *edits) wrap(from, to int, prefix, suffix string) {
	e.before[from] += prefix
	e.after[to] = suffix + e.after[to]
}

func (e *edits) put(from, to int, text string) { e.replace[from] = replacement{to, text} }

func (e *edits) empty() bool { return len(e.before)+len(e.replace) == 0 }

func (e *edits) apply(source string) string {
	offsets := map[int]bool{}
	for at := range e.before {
		offsets[at] = true
	}
	for at := range e.after {
		offsets[at] = true
	}
	for at := range e.replace {
		offsets[at] = true
	}
	var order []int
	for at := range offsets {
		order = append(order, at)
	}
	slices.Sort(order)
	var out strings.Builder
	last := 0
	for _, at := range order {
		out.WriteString(source[last:at] + e.after[at] + e.before[at])
		last = at
		if r, ok := e.replace[at]; ok {
			out.WriteString(r.text)
			last = r.end
		}
	}
	return out.String() + source[last:]
}
