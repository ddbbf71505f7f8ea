package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

var (
	// guards matches functions whose error is a refusal. Other errors are faults, which a test can't provoke at each call.
	guards = regexp.MustCompile(`^(?i:require|may|must|can|guard|check|valid|validate|use|admit|changed|allow|verify|reserve|take|refuse|act|grant|enforce|lock|prove|spend|pass|claim)([A-Z]|$)`)
	// harmless matches functions whose calls are not dropped: no test could tell, or it would only hang.
	harmless = regexp.MustCompile(`^(R?Lock|R?Unlock|Debug|Info|Warn|Error|Log(Attrs)?|Done|Wait|panic|close|Close|Stop|Reset|cancel|done|stop|Print(f|ln)?|Fprint(f|ln)?)$`)
)

// guard drops an if statement that leaves the block. The mutant is reached only if the condition is true.
func (m *mutator) guard(n *ast.IfStmt, parent ast.Node) {
	if len(n.Body.List) == 0 || n.Else != nil || !m.dynamicBool(n.Cond) {
		return
	}
	switch n.Body.List[len(n.Body.List)-1].(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
	default:
		return
	}
	if m.isErrorTest(n.Cond) && !guards.MatchString(m.errorOf(n, parent)) {
		return
	}
	old := strings.TrimSpace(m.text[m.offset(n.Pos()):m.offset(n.Body.Lbrace)])
	if number, ok := m.found(n, "dropped guard", old, "(nothing)"); ok {
		m.wrap(n.Cond, "((", ") && "+switches+".Off("+number+"))")
	}
}

// onlyLogs reports whether an if statement does nothing but calls that are not mutated.
func onlyLogs(n *ast.IfStmt) bool {
	return n.Else == nil && !slices.ContainsFunc(n.Body.List, func(s ast.Stmt) bool {
		e, ok := s.(*ast.ExprStmt)
		if !ok {
			return true
		}
		c, ok := e.X.(*ast.CallExpr)
		return !ok || !harmless.MatchString(callee(c))
	})
}

// errorOf returns the name of the function whose error an if statement tests, "" if it can't be seen.
func (m *mutator) errorOf(n *ast.IfStmt, parent ast.Node) string {
	from := n.Init
	if from == nil {
		list := statements(parent)
		if i := slices.Index(list, ast.Stmt(n)); i > 0 {
			from = list[i-1]
		}
	}
	if a, ok := from.(*ast.AssignStmt); ok && len(a.Rhs) == 1 {
		if c, ok := a.Rhs[0].(*ast.CallExpr); ok {
			return callee(c)
		}
	}
	return ""
}

func callee(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func statements(n ast.Node) []ast.Stmt {
	switch n := n.(type) {
	case *ast.BlockStmt:
		return n.List
	case *ast.CaseClause:
		return n.Body
	case *ast.CommClause:
		return n.Body
	}
	return nil
}

// returned drops a call whose error is returned, and negates returned conditions.
func (m *mutator) returned(n *ast.ReturnStmt) {
	for _, e := range n.Results {
		switch ast.Unparen(e).(type) {
		case *ast.CallExpr, *ast.UnaryExpr, *ast.SelectorExpr:
			m.condition(e)
		}
	}
	if len(n.Results) != 1 {
		return
	}
	c, ok := n.Results[0].(*ast.CallExpr)
	if !ok || len(c.Args) == 0 || !types.Identical(m.pkg.info.TypeOf(c), types.Universe.Lookup("error").Type()) ||
		m.pkg.info.TypeOf(c.Args[0]).String() != "context.Context" {
		return
	}
	if number, ok := m.found(n, "dropped call", m.of(n), "return nil"); ok {
		m.wrap(n, "if "+switches+".On("+number+") { return nil }; ", "")
	}
}

// statement drops calls, and assignments to fields and elements.
func (m *mutator) statement(n ast.Stmt, parent ast.Node) {
	if !slices.Contains(statements(parent), n) {
		return
	}
	kind := "dropped assignment"
	switch n := n.(type) {
	case *ast.ExprStmt:
		kind = "dropped call"
		if c, ok := n.X.(*ast.CallExpr); !ok || harmless.MatchString(callee(c)) {
			return
		}
	case *ast.IncDecStmt:
	case *ast.AssignStmt:
		switch n.Tok {
		case token.DEFINE:
			return
		case token.ASSIGN:
			switch n.Lhs[0].(type) {
			case *ast.SelectorExpr, *ast.IndexExpr:
			default:
				return
			}
		}
	default:
		return
	}
	if number, ok := m.found(n, kind, m.of(n), "(nothing)"); ok {
		m.wrap(n, "if "+switches+".Off("+number+") { ", " }")
	}
}
