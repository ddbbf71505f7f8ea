package secretbox_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/secretbox"
	"muster/internal/store/storetest"
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
	db := storetest.SQLite(t)
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

func TestAnotherKeyIsRefusedAtTheStart(t *testing.T) {
	db := storetest.SQLite(t)
	a, _ := secretbox.New([]byte("one secret that is long enough"))
	b, _ := secretbox.New([]byte("another secret, long enough too"))
	if err := errors.Join(a.Check(t.Context(), db), a.Check(t.Context(), db)); err != nil {
		t.Fatal(err)
	}
	if err := b.Check(t.Context(), db); err == nil || !strings.Contains(err.Error(), "muster.key") {
		t.Errorf("another key: %v", err)
	}
}

// loader loads what it is.
type loader config.Stored

func (l loader) LoadSettings(context.Context) (config.Stored, error) { return config.Stored(l), nil }

func TestSettingsAreEncrypted(t *testing.T) {
	const clear = `{"EmailSettings":{"SMTPPassword":"hunter2"}}`
	box, _ := secretbox.New([]byte("one secret that is long enough"))
	encrypted := box.EncryptSettings([]byte(clear))
	if strings.Contains(string(encrypted), "hunter2") {
		t.Errorf("not encrypted: %s", encrypted)
	}
	for what, document := range map[string][]byte{"encrypted": encrypted, "in clear text, by an earlier version": []byte(clear), "none": nil} {
		loaded, err := secretbox.EncryptedSettings{Box: box, Store: loader{Document: document, Version: 3}}.LoadSettings(t.Context())
		want := clear
		if document == nil {
			want = ""
		}
		if err != nil || string(loaded.Document) != want || loaded.Version != 3 {
			t.Errorf("%s: %+v, %v", what, loaded, err)
		}
	}
	other, _ := secretbox.New([]byte("another secret, long enough too"))
	if _, err := other.DecryptSettings(config.Stored{Document: encrypted}); !errors.Is(err, secretbox.ErrDecrypt) {
		t.Errorf("decrypted with another key: %v", err)
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
