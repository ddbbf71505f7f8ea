package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// table collects results and prints them as Markdown.
type table struct {
	ratios, figures [][]string
	sockets         [][]string
	queries         []string // in the order they were measured first
	databases       []string
	spreads         map[[2]string]spread // by query and database
}

func (t *table) ratio(what string, server, baseline, ratio, target float64) {
	t.ratios = append(t.ratios, []string{
		what, fmt.Sprintf("%.0f", server), fmt.Sprintf("%.0f", baseline), fmt.Sprintf("%.2f", ratio), fmt.Sprintf("%.1f or more", target), verdict(ratio >= target),
	})
}

func (t *table) figure(what, value, target string, met bool) {
	t.figures = append(t.figures, []string{what, value, target, verdict(met)})
}

// measured is a figure without a target.
func (t *table) measured(what, value string) { t.sockets = append(t.sockets, []string{what, value}) }

func (t *table) latency(query, database string, s spread) {
	if t.spreads == nil {
		t.spreads = map[[2]string]spread{}
	}
	if !slices.Contains(t.queries, query) {
		t.queries = append(t.queries, query)
	}
	if !slices.Contains(t.databases, database) {
		t.databases = append(t.databases, database)
	}
	t.spreads[[2]string{query, database}] = s
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "**missed**"
}

// round formats a duration with about three digits.
func round(d time.Duration) string {
	switch {
	case d >= 100*time.Millisecond:
		return d.Round(time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

func mebibytes(n int64) string { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }

func (t *table) print(w io.Writer) error {
	var b strings.Builder
	rows(&b, []string{"", "muster", "baseline", "ratio", "target", ""}, t.ratios)
	rows(&b, []string{"", "measured", "target", ""}, t.figures)
	head := []string{""}
	for _, d := range t.databases {
		head = append(head, d+" p50", d+" p99")
	}
	var lines [][]string
	for _, q := range t.queries {
		line := []string{q}
		for _, d := range t.databases {
			s := t.spreads[[2]string{q, d}]
			line = append(line, round(s.p50), round(s.p99))
		}
		lines = append(lines, line)
	}
	rows(&b, head, lines)
	rows(&b, []string{"", "measured"}, t.sockets)
	_, err := io.WriteString(w, b.String())
	return err
}

// rows writes one Markdown table, its columns aligned.
func rows(b *strings.Builder, head []string, lines [][]string) {
	width := make([]int, len(head))
	for _, line := range append(lines, head) {
		for i, cell := range line {
			width[i] = max(width[i], len(cell), 3)
		}
	}
	write := func(line []string) {
		for i, cell := range line {
			fmt.Fprintf(b, "| %-*s ", width[i], cell)
		}
		b.WriteString("|\n")
	}
	write(head)
	for _, n := range width {
		b.WriteString("|" + strings.Repeat("-", n+2))
	}
	b.WriteString("|\n")
	for _, line := range lines {
		write(line)
	}
	b.WriteString("\n")
}
