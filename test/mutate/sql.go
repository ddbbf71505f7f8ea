package main

import (
	"regexp"
	"slices"
	"strings"
)

// query is SQL, as the operands of a concatenation.
type query []sqlPart

// sqlPart is one operand: a literal, or an expression whose value is not known here.
type sqlPart struct {
	text    string
	literal bool
}

// sqlMutant is a change of one or more of a query's literals.
type sqlMutant struct {
	kind     string
	old, new string   // around the change
	parts    []string // by operand, "" for those that stay
}

// dynamic stands for an expression in the joined text.
const dynamic = "\x00"

var (
	statementExpr = regexp.MustCompile(`\b(SELECT\b.*\bFROM|UPDATE\b.*\bSET|DELETE FROM|INSERT INTO|WHERE)\b`)
	fragmentExpr  = regexp.MustCompile(`\b(AND|OR|WHERE|HAVING|JOIN|SET|ORDER BY|SELECT)\b|[a-z_]+ (=|<>|<=?|>=?) (\?|'|[a-z0-9])`)
	tokenExpr     = regexp.MustCompile(`'[^']*'|[A-Za-z_][A-Za-z0-9_.]*|[0-9]+|<>|<=|>=|\|\||[^\s]`)
)

func (q query) joined() string {
	var b strings.Builder
	for _, p := range q {
		if p.literal {
			b.WriteString(p.text)
		} else {
			b.WriteString(dynamic)
		}
	}
	return b.String()
}

// isSQL reports whether the text is SQL. If SQL is expected, part of a condition is enough.
func (q query) isSQL(expected bool) bool {
	text := q.joined()
	return statementExpr.MatchString(oneLine(text)) || expected && fragmentExpr.MatchString(text)
}

type sqlToken struct {
	from, to int
	text     string
}

// change replaces a part of the joined text.
type change struct {
	from, to int
	text     string
}

// clause is the part of a statement that a token belongs to.
type clause int

const (
	other     clause = iota
	setting          // SET: = assigns
	condition        // WHERE, ON, HAVING, WHEN
)

// sqlScan walks over a query's tokens.
type sqlScan struct {
	query  query
	text   string
	tokens []sqlToken
	frames []*frame // one for each open parenthesis
	found  []sqlMutant
}

// frame is the state of one pair of parentheses.
type frame struct {
	clause  clause
	outside clause // of a CASE whose WHEN is being read
	own     bool   // it has a WHERE of its own, so that even a single term counts
	between bool   // the next AND belongs to BETWEEN
	open    bool   // a term is being read
	terms   []term
}

// term is one operand of AND or OR.
type term struct {
	from, to     int
	before, then string // the words around: AND, OR or ""
}

func (q query) mutants() []sqlMutant {
	s := &sqlScan{query: q, text: q.joined()}
	for _, at := range tokenExpr.FindAllStringIndex(s.text, -1) {
		s.tokens = append(s.tokens, sqlToken{at[0], at[1], s.text[at[0]:at[1]]})
	}
	first := &frame{clause: s.beginning()}
	s.frames = []*frame{first}
	if first.clause == condition {
		first.own = true
		first.begin(0, "")
	}
	for i := range s.tokens {
		s.step(i)
	}
	for len(s.frames) > 0 {
		s.leave(len(s.text))
	}
	return s.found
}

// beginning guesses the clause of a fragment that begins in the middle of a statement.
func (s *sqlScan) beginning() clause {
	switch s.word(0) {
	case "SELECT", "UPDATE", "DELETE", "INSERT", "WITH", "FROM", "JOIN", "LEFT", "ORDER", "CREATE", "SET", "ON", "WHERE", "HAVING", "VALUES", "AND", "OR":
		return other
	}
	if strings.Contains(s.text, "excluded.") {
		return setting
	}
	for depth, i := 0, 0; i < len(s.tokens); i++ {
		switch s.tokens[i].text {
		case "(":
			depth++
		case ")":
			depth--
		case ",":
			if depth == 0 {
				return setting
			}
		}
	}
	return condition
}

func (s *sqlScan) word(i int) string {
	if i < 0 || i >= len(s.tokens) {
		return ""
	}
	return s.tokens[i].text
}

func (s *sqlScan) step(i int) {
	t, f := s.tokens[i], s.frames[len(s.frames)-1]
	switch t.text {
	case "(":
		s.frames = append(s.frames, &frame{clause: f.clause})
		if f.clause == condition {
			s.frames[len(s.frames)-1].begin(t.to, "")
		}
	case ")":
		if len(s.frames) > 1 {
			s.leave(t.from)
		}
	case "SELECT":
		f.clause, f.open, f.terms = other, false, nil
	case "SET":
		f.end(t.from, "")
		f.clause = setting
	case "WHERE", "HAVING":
		f.end(t.from, "")
		f.clause, f.own = condition, true
		f.begin(t.to, "")
	case "ON":
		f.end(t.from, "")
		if f.clause = condition; s.word(i+1) == "CONFLICT" {
			f.clause = other
		} else {
			f.begin(t.to, "")
			f.own = true
		}
	case "WHEN":
		f.outside, f.clause = f.clause, condition
	case "THEN":
		f.clause = f.outside
	case "ORDER", "GROUP", "LIMIT", "RETURNING", "UNION", "FOR", "DO", "FROM", "JOIN", "LEFT":
		f.end(t.from, "")
		f.clause = other
	case "BETWEEN":
		f.between = true
	case "AND", "OR":
		s.connective(i, f)
	case "NOT":
		s.negation(i)
	case "IS":
		s.null(i)
	case "DESC":
		s.replace("reversed order", i, "ASC")
	case "=", "<>", "<", "<=", ">", ">=":
		if f.clause != setting {
			kind := "moved boundary in SQL"
			if t.text == "=" || t.text == "<>" {
				kind = "negated comparison in SQL"
			}
			s.replace(kind, i, map[string]string{"=": "<>", "<>": "=", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}[t.text])
		}
	case "+", "-":
		if i > 0 && t.from > s.tokens[i-1].to {
			s.replace("swapped arithmetic in SQL", i, map[string]string{"+": "-", "-": "+"}[t.text])
		}
	case dynamic:
		if f.open && s.complete(i-1) { // FOR UPDATE, or more terms
			f.end(t.from, "")
		}
	}
}

// complete reports whether a condition may end with a token.
func (s *sqlScan) complete(i int) bool {
	switch w := s.word(i); w {
	case "", "(", ",", "=", "<>", "<", "<=", ">", ">=", "+", "-", "||", "AND", "OR", "NOT", "WHERE", "IN", "LIKE", "ON", "HAVING", dynamic:
		return false
	}
	return true
}

func (s *sqlScan) connective(i int, f *frame) {
	if f.between {
		f.between = false
		return
	}
	if f.clause == setting {
		return
	}
	t := s.tokens[i]
	f.clause = condition
	f.own = f.own || len(s.frames) == 1 // a fragment that continues a condition
	f.end(t.from, t.text)
	f.begin(t.to, t.text)
	s.replace("swapped operator in SQL", i, map[string]string{"AND": "OR", "OR": "AND"}[t.text])
}

func (s *sqlScan) negation(i int) {
	if before := s.word(i - 1); before == "IS" || before == "IF" || s.word(i+1) == "NULL" || i+1 == len(s.tokens) {
		return
	}
	s.change("negated condition in SQL", i, i+1, change{s.tokens[i].from, s.tokens[i+1].from, ""})
}

func (s *sqlScan) null(i int) {
	switch {
	case s.word(i+1) == "NULL":
		s.change("negated condition in SQL", i, i+1, change{s.tokens[i].from, s.tokens[i+1].to, "IS NOT NULL"})
	case s.word(i+1) == "NOT" && s.word(i+2) == "NULL":
		s.change("negated condition in SQL", i, i+2, change{s.tokens[i].from, s.tokens[i+2].to, "IS NULL"})
	}
}

func (s *sqlScan) replace(kind string, i int, text string) {
	s.change(kind, i, i, change{s.tokens[i].from, s.tokens[i].to, text})
}

// change adds a mutant. The report shows it with a few tokens around it.
func (s *sqlScan) change(kind string, first, last int, c ...change) {
	from, to := s.tokens[max(0, first-3)].from, s.tokens[min(len(s.tokens)-1, last+3)].to
	m := sqlMutant{kind: kind, old: shown(s.text[from:to]), parts: make([]string, len(s.query))}
	changed := []byte(s.text)
	for _, one := range slices.Backward(c) {
		if !s.inLiteral(one, m.parts) {
			return
		}
		changed = slices.Replace(changed, one.from, one.to, []byte(one.text)...)
	}
	m.new = shown(string(changed[from : to+len(changed)-len(s.text)]))
	s.found = append(s.found, m)
}

// inLiteral applies a change to the literal that contains it, and reports false if there is none. Later changes must be applied first.
func (s *sqlScan) inLiteral(c change, parts []string) bool {
	start := 0
	for i, p := range s.query {
		end := start + len(p.text)
		if !p.literal {
			end = start + len(dynamic)
		}
		if p.literal && start <= c.from && c.to <= end {
			text := p.text
			if parts[i] != "" {
				text = parts[i]
			}
			parts[i] = text[:c.from-start] + c.text + text[c.to-start:]
			return parts[i] != ""
		}
		start = end
	}
	return false
}

func shown(s string) string { return oneLine(strings.ReplaceAll(s, dynamic, "…")) }

func (f *frame) begin(at int, before string) {
	f.open = true
	f.terms = append(f.terms, term{from: at, before: before})
}

func (f *frame) end(at int, then string) {
	if f.open {
		f.terms[len(f.terms)-1].to, f.terms[len(f.terms)-1].then = at, then
	}
	f.open = false
}

// leave ends a frame and drops each of its terms in turn. They are made neutral instead of removed, so that placeholders and arguments still match.
func (s *sqlScan) leave(at int) {
	f := s.frames[len(s.frames)-1]
	f.end(at, "")
	s.frames = s.frames[:len(s.frames)-1]
	if !f.own && len(f.terms) < 2 {
		return
	}
	for _, t := range f.terms {
		first := slices.IndexFunc(s.tokens, func(x sqlToken) bool { return x.from >= t.from })
		if first < 0 || s.tokens[first].from >= t.to {
			continue
		}
		last := first
		for last+1 < len(s.tokens) && s.tokens[last+1].to <= t.to {
			last++
		}
		neutral := " OR 1=1)"
		if t.before == "OR" || t.before == "" && t.then == "OR" {
			neutral = " AND 1=0)"
		}
		from, to := s.tokens[first].from, s.tokens[last].to
		s.change("dropped term in SQL", first, last, change{from, from, "("}, change{to, to, neutral})
	}
}
