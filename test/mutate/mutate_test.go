package main

import (
	"slices"
	"testing"
)

// TestMutateFixture tries every mutant of a small package whose tests have known holes.
func TestMutateFixture(t *testing.T) {
	module, err := moduleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	targets, err := expand(module, []string{"test/mutate/testdata/fixture", "no/such/folder/..."})
	if err != nil {
		t.Fatal(err)
	}
	p, err := build(t.Context(), module, t.TempDir(), targets)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.compileTests(t.Context(), targets); err != nil {
		t.Fatal(err)
	}
	tests, err := p.learn(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := p.tryAll(t.Context(), p.mutants, reaching(p.mutants, tests), 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		old, mutated string
		outcome      outcome
	}{
		{"tokens WHERE hash = ? AND purpose", "tokens WHERE hash <> ? AND purpose", killed},
		{"hash = ? AND purpose = 'reset'", "hash = ? OR purpose = 'reset'", killed},
		{"FROM tokens WHERE hash = ? AND purpose =", "FROM tokens WHERE (hash = ? OR 1=1) AND purpose =", killed},
		{"= ? AND purpose = 'reset' AND expires_at >", "= ? AND (purpose = 'reset' OR 1=1) AND expires_at >", survived},
		{"'reset' AND expires_at > ?", "'reset' AND expires_at >= ?", killed},
		{"locked", "!(locked)", killed},
		{"if locked", "(nothing)", unreached},
		{"c.n >= c.Limit", "c.n > c.Limit", killed},
		{"privileged && active", "privileged || active", killed},
		{"privileged && active", "active", killed},
		{"privileged && active", "privileged", unreached}, // no test calls Take(true, false)
		{"return true", "return false", killed},
		{"c.n++", "(nothing)", killed},
		{`c.audit.WriteString("taken")`, "(nothing)", survived},
		{"c.n = 0", "(nothing)", unreached},
	} {
		i := slices.IndexFunc(verdicts, func(v *verdict) bool { return v.mutant.old == want.old && v.mutant.new == want.mutated })
		if i < 0 {
			t.Errorf("no mutant turns %q into %q", want.old, want.mutated)
		} else if got := verdicts[i]; got.outcome != want.outcome {
			t.Errorf("%v is %v, want %v", got.mutant, got.outcome, want.outcome)
		}
	}
	if t.Failed() {
		for _, m := range p.mutants {
			t.Log(m)
		}
	}
}

func TestSQLMutants(t *testing.T) {
	lit := func(s string) sqlPart { return sqlPart{text: s, literal: true} }
	for name, test := range map[string]struct {
		query query
		want  []string // the whole text of each mutant
	}{
		"assignments stay": {query{lit("UPDATE users SET roles = ?, n = n + 1 WHERE id = ?")}, []string{
			"UPDATE users SET roles = ?, n = n - 1 WHERE id = ?",
			"UPDATE users SET roles = ?, n = n + 1 WHERE id <> ?",
			"UPDATE users SET roles = ?, n = n + 1 WHERE (id = ? OR 1=1)",
		}},
		"a term across literals": {query{lit("DELETE FROM t WHERE id IN ("), {}, lit(")")}, []string{
			"DELETE FROM t WHERE (id IN (\x00) OR 1=1)",
		}},
		"a subquery": {query{lit("DELETE FROM t WHERE id = (SELECT id FROM u WHERE NOT gone)")}, []string{
			"DELETE FROM t WHERE id <> (SELECT id FROM u WHERE NOT gone)",
			"DELETE FROM t WHERE id = (SELECT id FROM u WHERE gone)",
			"DELETE FROM t WHERE id = (SELECT id FROM u WHERE (NOT gone OR 1=1))",
			"DELETE FROM t WHERE (id = (SELECT id FROM u WHERE NOT gone) OR 1=1)",
		}},
		"an alternative": {query{lit(" AND (a IS NULL OR b BETWEEN ? AND ?)")}, []string{
			" OR (a IS NULL OR b BETWEEN ? AND ?)",
			" AND (a IS NOT NULL OR b BETWEEN ? AND ?)",
			" AND (a IS NULL AND b BETWEEN ? AND ?)",
			" AND ((a IS NULL AND 1=0) OR b BETWEEN ? AND ?)",
			" AND (a IS NULL OR (b BETWEEN ? AND ? AND 1=0))",
			" AND ((a IS NULL OR b BETWEEN ? AND ?) OR 1=1)",
		}},
		"an upsert": {query{lit("INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET a = excluded.a")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, m := range test.query.mutants() {
				mutated := slices.Clone(test.query)
				for i, text := range m.parts {
					if text != "" {
						mutated[i].text = text
					}
				}
				got = append(got, mutated.joined())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
