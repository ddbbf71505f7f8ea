package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What is written past Write is not told to the caches. Only tx.go begins transactions and runs statements on them, the reader runs only queries, and
// no method of Store calls Write in the place of a use case.
func TestWritesGoThroughWrite(t *testing.T) {
	files := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	must(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, 0)
		must(t, err)
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				sel, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				on, _ := sel.X.(*ast.Ident)
				switch method := sel.Sel.Name; {
				case slices.Contains([]string{"BeginTx", "Begin", "Exec", "ExecContext", "Prepare", "PrepareContext"}, method) && name != "tx.go" && name != "server_lock.go": // the lock has a connection of its own
					t.Errorf("%s: %s outside tx.go", files.Position(call.Pos()), method)
				case on != nil && on.Name == "s" && (method == "Write" || method == "WriteGrowing") && fn.Name.Name != "WriteGrowing":
					t.Errorf("%s: %s writes by itself: make it a method of Tx, which a use case calls within Write", files.Position(call.Pos()), fn.Name.Name)
				case on != nil && on.Name == "s" && (method == "query" || method == "queryRow") && !isRead(call.Args[1]):
					t.Errorf("%s: not a SELECT", files.Position(call.Pos()))
				}
				return true
			})
		}
	}
}

// isRead reports whether a statement, as far as it is a literal, reads. Constants and fragments have names of their own.
func isRead(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return isRead(e.X)
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		text = strings.TrimSpace(text)
		return err == nil && (strings.HasPrefix(text, "SELECT") || strings.HasPrefix(text, "WITH"))
	}
	return true
}
