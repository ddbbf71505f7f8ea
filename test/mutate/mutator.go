package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
)

// switches is the name that mutated files import package mutation by.
const switches = "mutation_"

// mutator makes the mutants of one file.
type mutator struct {
	*source
	pkg   *goPackage
	text  string
	name  string
	edits *edits
	done  map[ast.Node]bool     // what must not be mutated, or has been
	fixed map[types.Object]bool // constants that must stay constant
	decl  string                // the function or variable that is being mutated
}

// mutate returns the file's text with all its mutants in it, "" if there are none.
func (s *source) mutate(p *goPackage, f *ast.File) string {
	m := &mutator{
		source: s, pkg: p, text: p.source[f], name: p.fset.Position(f.Package).Filename, edits: newEdits(), done: map[ast.Node]bool{},
		fixed: p.fixedConstants(),
	}
	for _, d := range f.Decls {
		m.decl = declared(d)
		ast.PreorderStack(d, nil, m.visit)
	}
	if m.edits.empty() {
		return ""
	}
	m.edits.wrap(m.offset(f.Name.Pos()), m.offset(f.Name.End()), "", `; import `+switches+` "muster/test/mutate/mutation"`)
	return m.edits.apply(m.text)
}

// declared returns the name of a function, with its receiver's type, or the first name in a declaration of variables or constants.
func declared(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return d.Name.Name
		}
		recv := d.Recv.List[0].Type
		if star, ok := recv.(*ast.StarExpr); ok {
			recv = star.X
		}
		if index, ok := recv.(*ast.IndexExpr); ok {
			recv = index.X
		}
		return fmt.Sprintf("%s.%s", recv, d.Name.Name)
	case *ast.GenDecl:
		if v, ok := d.Specs[0].(*ast.ValueSpec); ok {
			return v.Names[0].Name
		}
	}
	return ""
}

// fixedConstants returns the constants that other constants refer to.
func (p *goPackage) fixedConstants() map[types.Object]bool {
	fixed := map[types.Object]bool{}
	for _, f := range p.files {
		for n := range ast.Preorder(f) {
			d, ok := n.(*ast.GenDecl)
			if !ok || d.Tok != token.CONST {
				continue
			}
			for inner := range ast.Preorder(d) {
				if id, ok := inner.(*ast.Ident); ok && p.info.Uses[id] != nil {
					fixed[p.info.Uses[id]] = true
				}
			}
		}
	}
	return fixed
}

func (m *mutator) offset(p token.Pos) int { return m.pkg.fset.Position(p).Offset }

func (m *mutator) of(n ast.Node) string { return m.text[m.offset(n.Pos()):m.offset(n.End())] }

func (m *mutator) wrap(n ast.Node, prefix, suffix string) {
	m.edits.wrap(m.offset(n.Pos()), m.offset(n.End()), prefix, suffix)
}

// found registers a mutant of a node and returns its number.
func (m *mutator) found(n ast.Node, kind, old, mutated string) (number string, wanted bool) {
	assigned, wanted := m.add(&mutant{
		dir: m.pkg.dir, file: m.name, line: m.pkg.fset.Position(n.Pos()).Line, function: m.decl, kind: kind, old: old, new: mutated,
	})
	return strconv.Itoa(assigned), wanted
}

func (m *mutator) visit(n ast.Node, stack []ast.Node) bool {
	if m.done[n] {
		return false
	}
	var parent ast.Node
	if len(stack) > 0 {
		parent = stack[len(stack)-1]
	}
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok == token.VAR || n.Tok == token.CONST && m.variable(n)
	case *ast.Field:
		return false
	case *ast.IfStmt:
		if onlyLogs(n) {
			m.done[n.Cond] = true
			return true
		}
		m.condition(n.Cond)
		m.guard(n, parent)
	case *ast.CaseClause:
		if s, ok := stack[len(stack)-2].(*ast.SwitchStmt); ok && s.Tag == nil {
			for _, e := range n.List {
				m.condition(e)
			}
		}
	case *ast.ReturnStmt:
		m.returned(n)
	case *ast.BinaryExpr:
		m.binary(n, parent)
	case *ast.Ident:
		m.literal(n, parent)
	case *ast.BasicLit:
		if n.Kind == token.STRING {
			if _, label := parent.(*ast.CaseClause); !label {
				m.sql([]ast.Expr{n})
			}
		}
	case ast.Stmt:
		m.statement(n, parent)
	}
	return true
}

// variable turns a declaration of string constants into one of variables, unless other constants refer to them, and reports whether it did.
func (m *mutator) variable(d *ast.GenDecl) bool {
	for _, s := range d.Specs {
		v := s.(*ast.ValueSpec)
		if len(v.Values) != len(v.Names) || v.Type != nil {
			return false
		}
		for i, name := range v.Names {
			if m.fixed[m.pkg.info.Defs[name]] || !isString(m.pkg.info.Types[v.Values[i]].Type) {
				return false
			}
		}
	}
	at := m.offset(d.Pos())
	m.edits.put(at, at+len("const"), "var")
	return true
}

// isErrorTest reports whether an expression is err != nil or err == nil: both ways are taken by every test.
func (m *mutator) isErrorTest(e ast.Expr) bool {
	b, ok := ast.Unparen(e).(*ast.BinaryExpr)
	if !ok || b.Op != token.NEQ && b.Op != token.EQL {
		return false
	}
	id, ok := b.Y.(*ast.Ident)
	return ok && id.Name == "nil" && types.Identical(m.pkg.info.TypeOf(b.X), types.Universe.Lookup("error").Type())
}

// dynamicBool reports whether an expression is of type bool itself, and no constant.
func (m *mutator) dynamicBool(e ast.Expr) bool {
	tv := m.pkg.info.Types[e]
	b, ok := tv.Type.(*types.Basic)
	return ok && tv.Value == nil && (b.Kind() == types.Bool || b.Kind() == types.UntypedBool)
}

func isString(t types.Type) bool {
	if t == nil {
		return false
	}
	b, ok := t.(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}
