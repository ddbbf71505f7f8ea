package attack_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"muster/internal/require"
)

var (
	testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w*)\(`)
	testName     = regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)`")
	fileName     = regexp.MustCompile("`((?:api|cmd|internal|test)/[\\w./]+)`")
)

// The documents on security name tests and files as evidence; evidence that is gone is none.
func TestTheDocumentsOnSecurityNameWhatExists(t *testing.T) {
	root := filepath.Join("..", "..")
	functions := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, found := range testFunction.FindAllSubmatch(text, -1) {
			functions[string(found[1])] = true
		}
		return err
	}))
	for _, name := range []string{"security-model.md", "asvs.md"} {
		text, err := os.ReadFile(filepath.Join(root, "docs", name))
		require.NoError(t, err)
		for _, found := range testName.FindAllSubmatch(text, -1) {
			if !functions[string(found[1])] {
				t.Errorf("docs/%s names the test %s, which does not exist", name, found[1])
			}
		}
		for _, found := range fileName.FindAllSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, string(found[1]))); err != nil {
				t.Errorf("docs/%s names %s: %v", name, found[1], err)
			}
		}
	}
}
