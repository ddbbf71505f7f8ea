package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// notYetVerbs are methods of Store that write by themselves. The list only gets shorter: what writes is a method of Tx, which a use case calls within
// Write.
var notYetVerbs = []string{
	"AddGroupMembers",
	"AttachDevice",
	"AttemptSucceeded",
	"CreateAccessToken",
	"CreateChannel",
	"CreateGroup",
	"CreateSession",
	"CreateTeam",
	"CreateTerms",
	"DeleteAllSessions",
	"DeleteExpiredNetworks",
	"DeleteExpiredSessions",
	"DeleteSession",
	"DeleteSessionsOf",
	"DeleteSignIn",
	"JoinChannel",
	"JoinTeam",
	"LeaveChannel",
	"LeaveTeam",
	"LinkGroup",
	"PassFactor",
	"Reauthenticate",
	"RecordFailedAttempt",
	"ReleaseAttempt",
	"RemoveGroupMembers",
	"ReplaceRecoveryCodes",
	"ReserveAttempt",
	"SaveMfaPending",
	"SaveSignIn",
	"SeedRoles",
	"SendCounted",
	"SetPasswordSchemes",
	"StartTokenSession",
	"SweepAttempts",
	"TouchSessions",
	"UnlinkGroup",
	"Unlock",
	"UpdateChannel",
	"UpdateChannelMember",
	"UpdateGroup",
	"UpdateRolePermissions",
	"UpdateTeam",
	"UpdateTeamMember",
	"UseOnce",
	"changeAccessToken",
	"changeMfa",
}

// What is written past Write is not told to the caches. Only tx.go begins transactions and runs statements on them, the reader runs only queries, and
// no method of Store calls Write in the place of a use case.
func TestWritesGoThroughWrite(t *testing.T) {
	files := token.NewFileSet()
	packages, err := parser.ParseDir(files, ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	must(t, err)
	found := map[string]bool{}
	for name, file := range packages["store"].Files {
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
				case on != nil && on.Name == "s" && (method == "Write" || method == "WriteGrowing"):
					found[fn.Name.Name] = true
				case on != nil && on.Name == "s" && (method == "query" || method == "queryRow") && !isRead(call.Args[1]):
					t.Errorf("%s: not a SELECT", files.Position(call.Pos()))
				}
				return true
			})
		}
	}
	delete(found, "WriteGrowing")
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if !slices.Contains(notYetVerbs, name) {
			t.Errorf("%s writes by itself: make it a method of Tx", name)
		}
	}
	for _, name := range notYetVerbs {
		if !found[name] {
			t.Errorf("%s no longer writes by itself: take it off the list", name)
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
