package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// condition negates a condition that is not a comparison; comparisons have mutants of their own.
func (m *mutator) condition(e ast.Expr) {
	switch inner := ast.Unparen(e).(type) {
	case *ast.BinaryExpr:
		return
	case *ast.UnaryExpr:
		if _, binary := ast.Unparen(inner.X).(*ast.BinaryExpr); binary {
			return
		}
	}
	if !m.dynamicBool(e) {
		return
	}
	if number, ok := m.found(e, "negated condition", m.of(e), "!("+m.of(e)+")"); ok {
		m.wrap(e, "((", ") != "+switches+".On("+number+"))")
	}
}

func (m *mutator) binary(n *ast.BinaryExpr, parent ast.Node) {
	tv := m.pkg.info.Types[n]
	switch {
	case n.Op == token.ADD && isString(tv.Type):
		if outer, ok := parent.(*ast.BinaryExpr); !ok || outer.Op != token.ADD {
			m.sql(concatenated(n))
		}
	case tv.Value != nil:
	case n.Op == token.LAND || n.Op == token.LOR:
		m.logical(n)
	case n.Op == token.EQL || n.Op == token.NEQ:
		m.equality(n)
	default:
		m.ordered(n)
	}
}

// logical swaps && and ||, using De Morgan's law so that no operand is written twice, and drops each operand.
func (m *mutator) logical(n *ast.BinaryExpr) {
	if !m.dynamicBool(n) {
		return
	}
	other, drop, dropEnd := token.LOR, "((", ") || "+switches+".On(%s))"
	if n.Op == token.LOR {
		other, drop, dropEnd = token.LAND, "((", ") && "+switches+".Off(%s))"
	}
	before, after := m.of(n.X), m.of(n.Y)
	if number, ok := m.found(n, "swapped operator", m.of(n), before+" "+other.String()+" "+after); ok {
		on := switches + ".On(" + number + ")"
		m.wrap(n, "("+on+" != (", "))")
		m.wrap(n.X, "((", ") != "+on+")")
		m.wrap(n.Y, "((", ") != "+on+")")
	}
	for _, o := range []struct {
		operand ast.Expr
		rest    string
	}{{n.X, after}, {n.Y, before}} {
		if inner, ok := o.operand.(*ast.BinaryExpr); ok && inner.Op == n.Op {
			continue // its own operands are dropped one by one
		}
		if number, ok := m.found(o.operand, "dropped operand", m.of(n), o.rest); ok {
			m.wrap(o.operand, drop, fmt.Sprintf(dropEnd, number))
		}
	}
}

func (m *mutator) equality(n *ast.BinaryExpr) {
	if m.isErrorTest(n) || !m.dynamicBool(n) {
		return
	}
	other := token.NEQ
	if n.Op == token.NEQ {
		other = token.EQL
	}
	if number, ok := m.found(n, "negated comparison", m.of(n), m.of(n.X)+" "+other.String()+" "+m.of(n.Y)); ok {
		m.wrap(n, "((", ") != "+switches+".On("+number+"))")
	}
}

// ordered moves the boundary of a comparison, or swaps plus and minus.
func (m *mutator) ordered(n *ast.BinaryExpr) {
	swap, ok := map[token.Token]struct{ function, kind, operator string }{
		token.LSS: {"Less", "moved boundary", "<="},
		token.LEQ: {"LessEqual", "moved boundary", "<"},
		token.GTR: {"Greater", "moved boundary", ">="},
		token.GEQ: {"GreaterEqual", "moved boundary", ">"},
		token.ADD: {"Add", "swapped arithmetic", "-"},
		token.SUB: {"Subtract", "swapped arithmetic", "+"},
	}[n.Op]
	if !ok || !m.numbers(n) && swap.kind == "swapped arithmetic" {
		return
	}
	if number, ok := m.found(n, swap.kind, m.of(n), m.of(n.X)+" "+swap.operator+" "+m.of(n.Y)); ok {
		m.wrap(n, switches+"."+swap.function+"("+number+", ", ")")
		at := m.offset(n.OpPos)
		m.edits.put(at, at+len(n.Op.String()), ",")
	}
}

func (m *mutator) numbers(n *ast.BinaryExpr) bool {
	b, ok := m.pkg.info.TypeOf(n).Underlying().(*types.Basic)
	return ok && b.Info()&(types.IsInteger|types.IsFloat) != 0
}

// literal flips true and false.
func (m *mutator) literal(n *ast.Ident, parent ast.Node) {
	if n.Name != "true" && n.Name != "false" || m.pkg.info.Uses[n] != types.Universe.Lookup(n.Name) {
		return
	}
	if kv, ok := parent.(*ast.KeyValueExpr); ok && kv.Key == n {
		return
	}
	other := map[string]string{"true": "false", "false": "true"}[n.Name]
	around := m.of(n)
	if parent != nil && len(m.of(parent)) < 200 {
		around = m.of(parent)
		at := m.offset(n.Pos()) - m.offset(parent.Pos())
		other = around[:at] + other + around[at+len(n.Name):]
	}
	if number, ok := m.found(n, "flipped literal", around, other); ok {
		m.wrap(n, "(", " != "+switches+".On("+number+"))")
	}
}

// concatenated returns the operands of a + b + c.
func concatenated(e ast.Expr) []ast.Expr {
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.ADD {
		return append(concatenated(b.X), concatenated(b.Y)...)
	}
	return []ast.Expr{e}
}

// sql makes the mutants of the SQL in the literals of a concatenation.
func (m *mutator) sql(operands []ast.Expr) {
	var q query
	for _, o := range operands {
		part := sqlPart{}
		if lit, ok := o.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			m.done[lit] = true
			if text, err := strconv.Unquote(lit.Value); err == nil {
				part = sqlPart{text: text, literal: true}
			}
		}
		q = append(q, part)
	}
	if !q.isSQL(strings.HasSuffix(m.pkg.dir, "store")) {
		return
	}
	for _, change := range q.mutants() {
		first := slices.IndexFunc(change.parts, func(s string) bool { return s != "" })
		number, ok := m.found(operands[first], change.kind, change.old, change.new)
		if !ok {
			continue
		}
		for i, mutated := range change.parts {
			if mutated != "" {
				m.wrap(operands[i], switches+".Pick("+number+", ", ", "+strconv.Quote(mutated)+")")
			}
		}
	}
}
