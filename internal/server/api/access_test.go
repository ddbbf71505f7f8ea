package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/hotp"

	"muster"
	"muster/internal/auth/password"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/eventbus"
	"muster/internal/files/blob"
	"muster/internal/mail"
	"muster/internal/require"
	"muster/internal/secretbox"
	"muster/internal/server/api"
	"muster/internal/services"
	"muster/internal/store"
	"muster/internal/testserver"
)

var updateAccess = flag.Bool("update", false, "write the answers in testdata/access.golden anew")

const accessGolden = "testdata/access.golden"

// accessCallers are the columns of the table.
var accessCallers = []string{"nobody", "guest", "user", "other", "teamadm", "admin"}

// TestAccess sends every request of the golden file as every caller and holds the answers against those there. A caller's GETs share
// a scene; whatever may change something gets one of its own. The WebSocket is not in the table of routes, so it is not here either.
func TestAccess(t *testing.T) {
	rows := readAccess(t)
	everyRouteIsAsked(t, rows)
	s := newScene(t, rows)
	t.Run("as", func(t *testing.T) {
		for column, caller := range accessCallers {
			t.Run(caller, func(t *testing.T) {
				t.Parallel()
				shared := s.copy(t)
				defer shared.close(t)
				for _, r := range rows {
					if r.method != "" {
						r.answers[column] = s.answer(t, shared, caller, r)
					}
				}
			})
		}
	})
	var table strings.Builder
	for _, r := range rows {
		got := r.lines()
		if !*updateAccess && !slices.Equal(got, r.golden) {
			t.Errorf("\nwant %s\ngot  %s", strings.Join(r.golden, "\n     "), strings.Join(got, "\n     "))
		}
		table.WriteString(strings.Join(got, "\n") + "\n")
	}
	if *updateAccess && !t.Failed() {
		require.NoError(t, os.WriteFile(accessGolden, []byte(table.String()), 0o644))
	}
}

// row is a request of the golden file with its answers, or a line for the reader alone.
type row struct {
	method, path, body string
	cells              []string // the answers, as they are in the file
	answers            []answer
	golden             []string // as it is in the file
}

type answer struct {
	status int
	id     string // of a refusal
	length int    // of a list, -1 for what is none
}

var accessCell = regexp.MustCompile(`^[1-5]\d\d\S*$`)

// stepMark begins a line of the golden file that sets the scene.
const stepMark = "> "

// readAccess reads the golden file: METHOD PATH, the answers, which a new line may leave out, and the body, if any, to the end of the
// line. Indented lines are notes to the one above.
func readAccess(t *testing.T) (rows []*row) {
	t.Helper()
	file, err := os.ReadFile(accessGolden)
	require.NoError(t, err)
	for line := range strings.Lines(string(file)) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, " ") {
			last := rows[len(rows)-1]
			last.golden = append(last.golden, line)
			continue
		}
		r := &row{golden: []string{line}}
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, stepMark) {
			r.method, line = cutWord(line)
			r.path, line = cutWord(line)
			for word, rest := cutWord(line); accessCell.MatchString(word); word, rest = cutWord(line) {
				line = rest
				r.cells = append(r.cells, word)
			}
			r.body, r.answers = line, make([]answer, len(accessCallers))
		}
		rows = append(rows, r)
	}
	return rows
}

func cutWord(line string) (word, rest string) {
	word, rest, _ = strings.Cut(line, " ")
	return word, strings.TrimLeft(rest, " ")
}

// cell is the status and the size of a list, as they stand in the file.
func (a answer) cell() string {
	switch {
	case a.length > 9: // such a list grows with the server
		return fmt.Sprintf("%d[+]", a.status)
	case a.length >= 0:
		return fmt.Sprintf("%d[%d]", a.status, a.length)
	}
	return fmt.Sprint(a.status)
}

// usualID is the refusal that a status stands for where there is no note.
var usualID = map[int]string{401: "api.context.session_expired.app_error", 403: "api.context.permissions.app_error", 404: "api.context.404.app_error"}

// lines are the row as it belongs in the file.
func (r *row) lines() []string {
	if r.method == "" {
		return r.golden
	}
	line := fmt.Sprintf("%-6s %-74s", r.method, r.path)
	var ids []string
	for _, a := range r.answers {
		cell := a.cell()
		switch {
		case a.length >= 0:
		case a.id != usualID[a.status]:
			if !slices.Contains(ids, a.id) {
				ids = append(ids, a.id)
			}
			cell += string(rune('a' + slices.Index(ids, a.id)))
		}
		line += fmt.Sprintf(" %-7s", cell)
	}
	lines := []string{strings.TrimRight(line+" "+r.body, " ")}
	for i, id := range ids {
		lines = append(lines, fmt.Sprintf("%8c: %s", 'a'+i, id))
	}
	return lines
}

var accessName = regexp.MustCompile(`\{(\w+)(:[\w.@]+)?\}`)

func everyRouteIsAsked(t *testing.T, rows []*row) {
	t.Helper()
	asked := map[string]bool{}
	for _, r := range rows {
		path, _, _ := strings.Cut(r.path, "?")
		asked[r.method+" "+accessName.ReplaceAllString(path, "{$1}")] = true
	}
	delete(asked, " ") // text
	for _, name := range api.Routes() {
		if !asked[name] {
			t.Errorf("%s is not in %s: add a line with a valid request and run this test with -update", name, accessGolden)
		}
		delete(asked, name)
	}
	for name := range asked {
		t.Errorf("%s is in %s, but no route", name, accessGolden)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// scene is a data directory in which there is everything that requests name.
type scene struct {
	dir     string
	names   map[string]string // what a {name} in a request is
	tokens  map[string]string // sessions by caller
	missing string            // an id that nothing has
}

// place is a server on a data directory.
type place struct {
	dir     string
	handler http.Handler
	store   *store.Store
	close   func(t *testing.T)
}

// serve opens a server on a data directory, as mustertest does on a fresh one.
func (s *scene) serve(t *testing.T, dir string) *place {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, store.Options{DataDir: dir})
	require.NoError(t, err)
	settings, _, err := config.Load(config.Options{})
	require.NoError(t, err)
	secrets, err := secretbox.New([]byte("the key of a server that a test runs"))
	require.NoError(t, err)
	_, err = settings.Attach(ctx, secretbox.EncryptedSettings{Box: secrets, Store: db})
	require.NoError(t, err)
	require.NoError(t, core.CreateBuiltInRoles(ctx, db))
	blobs, err := blob.OpenDir(filepath.Join(dir, "blobs"))
	require.NoError(t, err)
	folder, err := mail.NewFileSender(filepath.Join(dir, "mails"))
	require.NoError(t, err)
	a := services.New(services.Options{
		Store: db, Config: settings, Passwords: password.New(password.Options{MemoryKiB: 64}), Secrets: secrets,
		Blobs: blobs, Mail: folder, Bus: &eventbus.Bus{}, Log: slog.New(slog.DiscardHandler),
	})
	return &place{dir, api.New(api.Options{Services: a, Log: slog.New(slog.DiscardHandler), Version: "test"}), db, func(t *testing.T) {
		t.Helper()
		require.NoError(t, a.Close(ctx)) // mails on their way go to the folder
		require.NoError(t, errors.Join(blobs.Close(), folder.Close(), db.Close()))
		if dir != s.dir {
			require.NoError(t, os.RemoveAll(dir))
		}
	}}
}

// copy opens a server on the scene as it was in the beginning.
func (s *scene) copy(t *testing.T) *place {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Dir(s.dir), "copy")
	require.NoError(t, err)
	require.NoError(t, os.CopyFS(dir, os.DirFS(s.dir)))
	return s.serve(t, dir)
}

// answer asks as a caller: a GET on the shared place, all else on one of its own.
func (s *scene) answer(t *testing.T, shared *place, caller string, r *row) answer {
	t.Helper()
	p := shared
	if r.method != http.MethodGet {
		p = s.copy(t)
		defer p.close(t)
	}
	w := s.send(t, p, caller, r)
	got := answerOf(w)
	if got.status >= http.StatusInternalServerError && got.status != http.StatusNotImplemented {
		t.Errorf("%s %s as %s: %d %s", r.method, r.path, caller, got.status, w.Body)
	}
	return got
}

func answerOf(w *httptest.ResponseRecorder) answer {
	got := answer{status: w.Code, length: -1}
	var body any
	_ = json.Unmarshal(w.Body.Bytes(), &body) // what is no JSON is no list
	if object, ok := body.(map[string]any); ok && got.status >= http.StatusBadRequest {
		got.id, _ = object["id"].(string)
	} else {
		got.length = listed(body)
	}
	return got
}

// listed counts what a list holds, or an object of lists; -1 for what is neither.
func listed(body any) int {
	if list, ok := body.([]any); ok {
		return len(list)
	}
	object, ok := body.(map[string]any)
	if ok && len(object) == 0 {
		return 0
	}
	n := -1
	for _, v := range object {
		list, ok := v.([]any)
		if ok && len(list) > 0 {
			_, ok = list[0].(map[string]any) // words, such as a role's permissions, are no list of things
		}
		if ok {
			n = max(n, 0) + len(list)
		}
	}
	return n
}

// send sends a row's request and returns the answer.
func (s *scene) send(t *testing.T, p *place, caller string, r *row) *httptest.ResponseRecorder {
	t.Helper()
	path, body, kind := s.fill(t, caller, r.path), []byte(s.fill(t, caller, r.body)), "application/json"
	switch r.body {
	case "(a picture)":
		form := "--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"x.png\"\r\n\r\n" + string(picture(t, 8, 8)) + "\r\n--x--\r\n"
		body, kind = []byte(form), "multipart/form-data; boundary=x"
	case "(bytes)":
		body, kind = []byte("lo"), "application/octet-stream"
	}
	q := httptest.NewRequestWithContext(t.Context(), r.method, api.Prefix+path, bytes.NewReader(body))
	q.Header.Set("Content-Type", kind)
	if token := s.tokens[caller]; token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, q)
	return w
}

// fill puts what they name in the place of {name} and {name:which}.
func (s *scene) fill(t *testing.T, caller, text string) string {
	t.Helper()
	return accessName.ReplaceAllStringFunc(text, func(name string) string {
		name = strings.Trim(name, "{}")
		base, which, _ := strings.Cut(name, ":")
		switch {
		case which != "" && !strings.HasSuffix(base, "_id"):
			return which // a name that people choose
		case which == "missing":
			return s.missing
		case which == "caller":
			name = base + ":" + caller
		case name == "code":
			code, err := hotp.GenerateCode(s.names["secret"], uint64(time.Now().Unix()/30))
			require.NoError(t, err)
			return code
		}
		value, ok := s.names[name]
		if !ok {
			t.Fatalf("nothing in the scene is {%s}", name)
		}
		return value
	})
}

// newScene makes the scene that the golden file tells of.
func newScene(t *testing.T, rows []*row) *scene {
	t.Helper()
	s := &scene{
		dir: filepath.Join(t.TempDir(), "scene"), missing: muster.NewID(),
		names: map[string]string{"password": testserver.Password}, tokens: map[string]string{},
	}
	p := s.serve(t, s.dir)
	defer p.close(t)
	s.people(t, p)
	for _, r := range rows {
		if step, ok := strings.CutPrefix(r.golden[0], stepMark); ok {
			s.step(t, p, step)
		}
	}
	s.links(t, p.store)
	return s
}

// people makes the accounts and signs each in once.
func (s *scene) people(t *testing.T, p *place) {
	t.Helper()
	by := "nobody"
	for _, name := range []string{"admin", "guest", "user", "other", "teamadm", "mate", "stranger"} {
		s.step(t, p, by+` POST /users {"username":"`+name+`","email":"`+name+`@example.com","password":"{password}"} => user_id:`+name+`=id`)
		w := s.send(t, p, "nobody", &row{method: "POST", path: "/users/login", body: `{"login_id":"` + name + `","password":"{password}"}`})
		s.tokens[name] = w.Header().Get("Token")
		by = "admin"
	}
	s.names["user_id"], s.names["user_id:nobody"] = s.names["user_id:user"], s.names["user_id:mate"]
}

// step sends one of the golden file's lines that set the scene: the caller and the request and, after =>, what of the answer gets which name.
func (s *scene) step(t *testing.T, p *place, line string) {
	t.Helper()
	request, names, _ := strings.Cut(line, " => ")
	caller, rest := cutWord(request)
	method, rest := cutWord(rest)
	path, body := cutWord(rest)
	w := s.send(t, p, caller, &row{method: method, path: path, body: body})
	if w.Code >= http.StatusMultipleChoices {
		t.Fatalf("%s: %d %s", request, w.Code, w.Body)
	}
	for pair := range strings.FieldsSeq(names) {
		name, field, _ := strings.Cut(pair, "=")
		found := regexp.MustCompile(`"` + field + `":"(\w+)"`).FindSubmatch(w.Body.Bytes()) // the first, in a list too
		if found == nil {
			t.Fatalf("%s: no %s in %s", line, field, w.Body)
		}
		s.names[name] = string(found[1])
	}
}

// links puts the mailed tokens there that requests bring.
func (s *scene) links(t *testing.T, db *store.Store) {
	t.Helper()
	now := time.Now().UnixMilli()
	for name, m := range map[string]*muster.MailToken{
		"reset_token":  {Purpose: muster.TokenPasswordRecovery, UserID: s.names["user_id"], Email: "user@example.com"},
		"verify_token": {Purpose: muster.TokenVerifyEmail, UserID: s.names["user_id"], Email: "user@example.com"},
		"invitation":   {Purpose: muster.TokenTeamInvitation, Email: "new@example.com", Extra: `{"team_id":"` + s.names["team_id"] + `"}`},
	} {
		s.names[name] = muster.NewMailToken()
		hash := sha256.Sum256([]byte(s.names[name]))
		m.CreateAt, m.ExpiresAt = now, now+time.Hour.Milliseconds()
		require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.InsertLink(t.Context(), &store.Link{Token: m, Hash: hash[:]})
		}))
	}
}
