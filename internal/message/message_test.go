package message

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"muster"
)

var updateDocs = flag.Bool("update", false, "rewrite docs/errors.md")

//go:generate go test . -run ^TestErrorsDocument$ -update

const errorsIntro = `# Errors

<!-- Generated from internal/message by "go generate ./..."; change the sentences there instead. -->

Every refusal is one JSON object: ` + "`id`" + ` (stable, in the table below), ` + "`message`" + ` (the sentence, for a person), ` + "`detailed_error`" + `
(empty unless ServiceSettings.EnableDeveloper is on), ` + "`request_id`" + ` (also in the X-Request-Id header and the server's log) and
` + "`status_code`" + `. Programs should look at the id and the status; sentences may change. Names in braces are filled in.

A password that breaks several rules at once gets one id that names them all, such as
` + "`model.user.is_valid.pwd_lowercase_number.app_error`" + `, and the sentences of those rules.

| id | what it says |
|---|---|
`

func TestErrorsDocument(t *testing.T) {
	const path = "../../docs/errors.md"
	var b strings.Builder
	b.WriteString(errorsIntro)
	for _, id := range IDs() {
		b.WriteString("| `" + id + "` | " + Text(id) + " |\n")
	}
	if *updateDocs {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != b.String() {
		t.Errorf("%s is behind the texts: run go generate ./...", path)
	}
}

func TestErrorMessages(t *testing.T) {
	for _, c := range []struct {
		name string
		err  *muster.Error
		want string
	}{
		{"parameter", muster.InvalidParam("email"), "The email in the request is missing or invalid. Correct it and try again."},
		{"unknown id", muster.E(muster.Invalid, "app.nothing.of.this.kind"), texts[internalErrorID]},
		{"several password rules", muster.E(muster.Invalid, "model.user.is_valid.pwd_lowercase_number.app_error"),
			"Choose a password with at least one lowercase letter. Choose a password with at least one digit."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Of(c.err); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// errorID is what a string literal looks like that names an error.
var errorID = regexp.MustCompile(`^(api|app|ent|mfa|model|plugin|store|web)\.[a-z][A-Za-z0-9_]*\.[A-Za-z0-9_.]+$`)

// TestEveryErrorIDHasASentence reads the module's own source for ids that no sentence explains.
func TestEveryErrorIDHasASentence(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && name != ".." && (name == "testdata" || name == "node_modules" || name == "data" || strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, id := range errorIDsIn(file) {
			found++
			if Text(id.text) == "" {
				t.Errorf("%s: %s is not in the texts", fset.Position(id.pos), id.text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 100 {
		t.Errorf("only %d ids found in the source: the search is broken", found)
	}
}

// TestEveryErrorIDIsDefinedOnce: the part that came last would win, and the other sentence be dead text.
func TestEveryErrorIDIsDefinedOnce(t *testing.T) {
	defined := map[string]bool{}
	for _, part := range parts {
		for id := range part {
			if defined[id] {
				t.Errorf("%s is defined in two parts of the texts", id)
			}
			defined[id] = true
		}
	}
}

type namedError struct {
	text string
	pos  token.Pos
}

// errorIDsIn finds whole ids, and those that a function puts together from a stem, its own calls' argument and an ending:
//
//	bad := func(field string) error { return muster.E(muster.Invalid, "model.user.is_valid."+field+".app_error") }
func errorIDsIn(file *ast.File) []namedError {
	var ids []namedError
	for _, decl := range file.Decls {
		var stem string
		var arguments []namedError
		ast.Inspect(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				text := literal(n)
				if !errorID.MatchString(text) || text == passwordRuleStem {
					return true
				}
				if strings.HasSuffix(text, ".") {
					stem = text
				} else {
					ids = append(ids, namedError{text, n.Pos()})
				}
			case *ast.CallExpr:
				if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "bad" && len(n.Args) == 1 {
					arguments = append(arguments, namedError{literal(n.Args[0]), n.Pos()})
				}
			}
			return true
		})
		for _, a := range arguments {
			ids = append(ids, namedError{stem + a.text + errorIDEnd, a.pos})
		}
	}
	return ids
}

func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return text
}
