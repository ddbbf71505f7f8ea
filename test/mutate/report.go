package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
)

// explained returns the ids of the mutants that a list explains, from its lines that begin with "- " and an id.
func explained(file string) (map[string]bool, error) {
	f, err := os.Open(file)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	ids := map[string]bool{}
	entry := regexp.MustCompile(`^- ([0-9a-f]{8})\b`)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if m := entry.FindStringSubmatch(lines.Text()); m != nil {
			ids[m[1]] = true
		}
	}
	return ids, lines.Err()
}

// score counts mutants by outcome.
type score struct{ killed, survived, unreached int }

func (s *score) add(o outcome) {
	switch o {
	case killed, timedOut:
		s.killed++
	case survived:
		s.survived++
	case unreached:
		s.unreached++
	}
}

func (s *score) String() string {
	total := s.killed + s.survived + s.unreached
	return fmt.Sprintf("%d\t%d\t%d\t%d\t%.0f %%", total, s.killed, s.survived, s.unreached, 100*float64(s.killed)/float64(max(total, 1)))
}

// report prints the survivors and the score by package.
func report(w io.Writer, verdicts []*verdict) error {
	slices.SortFunc(verdicts, func(a, b *verdict) int {
		return cmp.Or(cmp.Compare(a.mutant.file, b.mutant.file), cmp.Compare(a.mutant.line, b.mutant.line), cmp.Compare(a.mutant.number, b.mutant.number))
	})
	all, focused, byPackage := &score{}, &score{}, map[string]*score{}
	var packages []string
	var text strings.Builder
	for _, v := range verdicts {
		s := byPackage[v.mutant.dir]
		if s == nil {
			s = &score{}
			byPackage[v.mutant.dir] = s
			packages = append(packages, v.mutant.dir)
		}
		s.add(v.outcome)
		all.add(v.outcome)
		if focus.MatchString(v.mutant.file) {
			focused.add(v.outcome)
		}
		if v.outcome == survived || v.outcome == unreached {
			fmt.Fprintf(&text, "%v\n    %s\n", v.mutant, reachedBy(v.tests))
		}
	}
	text.WriteString("\nmutants\tkilled\tsurvived\tunreached\tscore\t \n")
	for _, dir := range packages {
		fmt.Fprintf(&text, "%v\t %s\n", byPackage[dir], dir)
	}
	fmt.Fprintf(&text, "%v\t of these, credentials, permissions and counters\n%v\t all\n", focused, all)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	if _, err := io.WriteString(table, text.String()); err != nil {
		return err
	}
	return table.Flush()
}

func reachedBy(tests []*testCase) string {
	if len(tests) == 0 {
		return "no test reaches it where it makes a difference"
	}
	var names []string
	for _, t := range tests[:min(len(tests), 8)] {
		names = append(names, t.binary.dir+"."+t.Name)
	}
	text := fmt.Sprintf("reached by %d tests: %s", len(tests), strings.Join(names, ", "))
	if len(tests) > 8 {
		text += ", ..."
	}
	return text
}
