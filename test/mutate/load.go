package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// target is a package whose code is mutated.
type target struct {
	dir   string // relative to the module
	files *regexp.Regexp
}

// goPackage is a parsed and type-checked package.
type goPackage struct {
	dir    string
	fset   *token.FileSet
	files  []*ast.File
	source map[*ast.File]string
	info   *types.Info
}

// listed is a package in the output of "go list".
type listed struct {
	ImportPath string
	Dir        string
	Export     string
	GoFiles    []string
	Error      *struct{ Err string }
}

// expand returns the packages that match patterns. A pattern is a directory, with "/..." for those below as well, and optionally with a colon and a
// regular expression that selects files. Directories that don't exist are ignored.
func expand(module string, patterns []string) ([]target, error) {
	var found []target
	for _, p := range patterns {
		dir, expr, _ := strings.Cut(p, ":")
		files, err := regexp.Compile(expr)
		if err != nil {
			return nil, fmt.Errorf("target %s: %w", p, err)
		}
		root, below := strings.CutSuffix(dir, "/...")
		err = filepath.WalkDir(filepath.Join(module, root), func(path string, entry os.DirEntry, err error) error {
			if errors.Is(err, os.ErrNotExist) {
				return nil
			}
			if err != nil || !entry.IsDir() {
				return err
			}
			rel, err := filepath.Rel(module, path)
			if err != nil {
				return err
			}
			if rel != root && (!below || entry.Name() == "testdata") {
				return filepath.SkipDir
			}
			sources, err := filepath.Glob(filepath.Join(path, "*.go"))
			if err != nil {
				return err
			}
			if len(sources) > 0 && !slices.ContainsFunc(found, func(t target) bool { return t.dir == rel }) {
				found = append(found, target{rel, files})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// load parses and type-checks packages.
func load(ctx context.Context, module string, targets []target) ([]*goPackage, error) {
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Error", "-e"}
	for _, t := range targets {
		args = append(args, "./"+t.dir)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stderr = module, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	all := map[string]*listed{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &listed{}
		if err := d.Decode(p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		all[p.ImportPath] = p
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		p := all[path]
		if p == nil || p.Export == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(p.Export)
	})
	var packages []*goPackage
	for _, t := range targets {
		for _, p := range all {
			if p.Dir != filepath.Join(module, t.dir) || len(p.GoFiles) == 0 {
				continue
			}
			if p.Error != nil {
				return nil, errors.New(p.Error.Err)
			}
			loaded, err := check(fset, imports, p, t)
			if err != nil {
				return nil, err
			}
			packages = append(packages, loaded)
		}
	}
	return packages, nil
}

func check(fset *token.FileSet, imports types.Importer, p *listed, t target) (*goPackage, error) {
	loaded := &goPackage{dir: t.dir, fset: fset, source: map[*ast.File]string{}, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
	}}
	var parsed []*ast.File
	for _, name := range p.GoFiles {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(fset, filepath.Join(t.dir, name), text, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, f)
		if t.files.MatchString(name) && !ast.IsGenerated(f) && !strings.Contains(name, "postgres") { // the tests run on the other database
			loaded.files = append(loaded.files, f)
			loaded.source[f] = string(text)
		}
	}
	if _, err := (&types.Config{Importer: imports}).Check(p.ImportPath, fset, parsed, loaded.info); err != nil {
		return nil, fmt.Errorf("check %s: %w", p.ImportPath, err)
	}
	return loaded, nil
}
