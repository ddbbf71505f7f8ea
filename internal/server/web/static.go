package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var staticFiles embed.FS

const (
	staticPath = "/static/"
	hashLength = 16 // hex digits of the content's SHA-256 in a file's name
)

// contentTypes are the kinds of files that are served; other files in the directory are for developers.
var contentTypes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// asset is a static file whose name changes with its content, so that browsers can cache it forever.
type asset struct {
	name    string // app.0123456789abcdef.css
	mime    string
	content []byte
}

// assets are the files by their plain and by their hashed names.
var assets, assetsByHashedName = loadAssets()

func loadAssets() (byName, byHashedName map[string]*asset) {
	byName, byHashedName = map[string]*asset{}, map[string]*asset{}
	files, err := staticFiles.ReadDir("static")
	if err != nil {
		panic(err) // it is embedded
	}
	for _, file := range files {
		name, ext := file.Name(), path.Ext(file.Name())
		if contentTypes[ext] == "" {
			continue
		}
		content, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			panic(err) // it was just listed
		}
		hash := sha256.Sum256(content)
		a := &asset{strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(hash[:])[:hashLength] + ext, contentTypes[ext], content}
		byName[name], byHashedName[a.name] = a, a
	}
	return byName, byHashedName
}

// serveStatic serves a file by its hashed name.
func serveStatic(w http.ResponseWriter, r *http.Request, name string) {
	a := assetsByHashedName[name]
	switch {
	case a == nil:
		w.Header().Set("Cache-Control", "no-store") // another version of the server may have it
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Files can only be read.", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", a.mime)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(a.content))
}
