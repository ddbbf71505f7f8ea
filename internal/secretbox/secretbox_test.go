package secretbox_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster"
	"muster/internal/config"
	"muster/internal/secretbox"
)

func TestOnlyItsKeyAndPurposeOpenAText(t *testing.T) {
	a, _ := secretbox.New([]byte("one secret that is long enough"))
	b, _ := secretbox.New([]byte("another secret, long enough too"))
	ciphertext := a.Encrypt("JBSWY3DP", "mfa ann")
	if strings.Contains(ciphertext, "JBSWY3DP") || ciphertext == a.Encrypt("JBSWY3DP", "mfa ann") {
		t.Errorf("encrypted to %q, twice the same or readable", ciphertext)
	}
	if text, err := a.Decrypt(ciphertext, "mfa ann"); err != nil || text != "JBSWY3DP" {
		t.Errorf("got %q, %v", text, err)
	}
	for name, try := range map[string]func() (string, error){
		"another key":     func() (string, error) { return b.Decrypt(ciphertext, "mfa ann") },
		"another purpose": func() (string, error) { return a.Decrypt(ciphertext, "mfa bob") },
		"a changed text":  func() (string, error) { return a.Decrypt(ciphertext[:len(ciphertext)-6]+"AAAAA=", "mfa ann") },
		"a short text":    func() (string, error) { return a.Decrypt("v1:AAAA", "mfa ann") },
		"a clear text":    func() (string, error) { return a.Decrypt("JBSWY3DP", "mfa ann") },
		"nothing":         func() (string, error) { return a.Decrypt("", "mfa ann") },
	} {
		if text, err := try(); !errors.Is(err, secretbox.ErrDecrypt) || text != "" {
			t.Errorf("%s: got %q, %v", name, text, err)
		}
	}
}

func TestTheKeyFileIsMadeOnceAndKeptPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	db := &memoryStore{values: map[string]string{}}
	first, err := secretbox.Open(t.Context(), dir, "", db)
	if err != nil {
		t.Fatal(err)
	}
	ciphertext := first.Encrypt("x", "p")
	again, err := secretbox.Open(t.Context(), dir, "", db)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := again.Decrypt(ciphertext, "p"); err != nil || text != "x" {
		t.Errorf("after a restart: %q, %v", text, err)
	}
	name := filepath.Join(dir, "muster.key")
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(name, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secretbox.Open(t.Context(), dir, "", db); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("a damaged key file: %v", err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if _, err := secretbox.Open(t.Context(), dir, "", db); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("a missing key file of a database that was used with one: %v", err)
	}
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused start left a key file: %v", err)
	}
}

// memoryStore stores in memory what a database would.
type memoryStore struct {
	values   map[string]string
	settings config.Stored
}

func (m *memoryStore) SystemValue(_ context.Context, name string) (string, bool, error) {
	kept, ok := m.values[name]
	return kept, ok, nil
}

func (m *memoryStore) InitSystemValue(_ context.Context, name, value string) (string, error) {
	if old, ok := m.values[name]; ok {
		return old, nil
	}
	m.values[name] = value
	return value, nil
}

func (m *memoryStore) LoadSettings(context.Context) (config.Stored, error) {
	return m.settings, nil
}

func (m *memoryStore) ChangeSettings(_ context.Context, change func(config.Stored) ([]byte, []*muster.Audit, error)) (int64, error) {
	document, _, err := change(m.settings)
	if err == nil && document != nil {
		m.settings = config.Stored{Document: document, Version: m.settings.Version + 1}
	}
	return m.settings.Version, err
}

func TestAnotherKeyIsRefusedAtTheStart(t *testing.T) {
	db := &memoryStore{values: map[string]string{}}
	a, _ := secretbox.New([]byte("one secret that is long enough"))
	b, _ := secretbox.New([]byte("another secret, long enough too"))
	if err := errors.Join(a.Check(t.Context(), db), a.Check(t.Context(), db)); err != nil {
		t.Fatal(err)
	}
	if err := b.Check(t.Context(), db); err == nil || !strings.Contains(err.Error(), "muster.key") {
		t.Errorf("another key: %v", err)
	}
}

func TestSettingsAreEncrypted(t *testing.T) {
	const clear = `{"EmailSettings":{"SMTPPassword":"hunter2"}}`
	db := &memoryStore{settings: config.Stored{Document: []byte(clear), Version: 1}}
	box, _ := secretbox.New([]byte("one secret that is long enough"))
	s := secretbox.EncryptedSettings{Box: box, Store: db}
	kept, err := s.LoadSettings(t.Context())
	if err != nil || string(kept.Document) != clear || kept.Version != 1 {
		t.Fatalf("kept in the clear by an earlier version: %+v, %v", kept, err)
	}
	for range 2 { // the second time it is encrypted
		_, err = s.ChangeSettings(t.Context(), func(kept config.Stored) ([]byte, []*muster.Audit, error) {
			if string(kept.Document) != clear {
				t.Errorf("changes %q", kept.Document)
			}
			return kept.Document, nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(db.settings.Document), "hunter2") {
			t.Errorf("the database holds %s", db.settings.Document)
		}
	}
	if again, err := s.LoadSettings(t.Context()); err != nil || string(again.Document) != clear || again.Version != 3 {
		t.Errorf("read back %+v, %v", again, err)
	}
	version, err := s.ChangeSettings(t.Context(), func(config.Stored) ([]byte, []*muster.Audit, error) { return nil, nil, nil })
	if err != nil || version != 3 {
		t.Errorf("after no change: version %d, %v", version, err)
	}
}

func FuzzDecrypt(f *testing.F) {
	box, _ := secretbox.New([]byte("one secret that is long enough"))
	f.Add(box.Encrypt("text", "purpose"))
	f.Add("v1:")
	f.Fuzz(func(t *testing.T, ciphertext string) {
		if text, err := box.Decrypt(ciphertext, "another purpose"); err == nil {
			t.Errorf("%q opened to %q", ciphertext, text)
		}
	})
}
