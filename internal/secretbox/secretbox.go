// Package secretbox encrypts what the server must be able to read again but nobody who reads the database may: secrets of second
// factors, kept settings. The key is the server's own (docs/adr/0010-server-key.md).
package secretbox

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"muster"
	"muster/internal/config"
)

const (
	prefix   = "v1:" // of every sealed text, so that another cipher may follow
	keyFile  = "muster.key"
	keyBytes = 32
)

// ErrDecrypt says that a sealed text was not sealed with this key for this purpose, or was changed.
var ErrDecrypt = errors.New("can't be unsealed with this server's key")

// Box seals, unseals and authenticates with keys of one secret. It is safe for concurrent use.
type Box struct {
	aead   cipher.AEAD
	macKey []byte
}

// New makes a Box of a secret that is long enough not to be guessed.
func New(secret []byte) (*Box, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "muster at rest", keyBytes)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	macKey, err := hkdf.Key(sha256.New, secret, nil, "muster message authentication", keyBytes)
	return &Box{aead, macKey}, err
}

// Open returns the Box of a server: of its configured secret, or else of the key file in its data directory, which is made for a database that
// holds no secrets yet. The key must be the one that the database's secrets were sealed with.
func Open(ctx context.Context, dataDir, configured string, marks KeyCheckStore) (*Box, error) {
	secret, err := serverSecret(ctx, dataDir, configured, marks)
	if err != nil {
		return nil, err
	}
	box, err := New(secret)
	if err != nil {
		return nil, err
	}
	return box, box.Check(ctx, marks)
}

func serverSecret(ctx context.Context, dataDir, configured string, marks KeyCheckStore) ([]byte, error) {
	if configured != "" {
		return []byte(configured), nil
	}
	name := filepath.Join(dataDir, keyFile)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = createFirst(ctx, name, marks)
	}
	if err != nil {
		return nil, fmt.Errorf("server key: %w", err)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != keyBytes {
		return nil, fmt.Errorf("server key: %s is damaged: bring it back from a backup", name)
	}
	return secret, nil
}

// createFirst makes the key file, unless the database was used with a key before: a fresh one would not open its secrets, and would be taken for theirs.
func createFirst(ctx context.Context, name string, marks KeyCheckStore) ([]byte, error) {
	_, used, err := marks.SystemValue(ctx, checkName)
	if err != nil {
		return nil, err
	}
	if used {
		return nil, fmt.Errorf("%s is missing, and the database's secrets were sealed with it: bring it back from a backup, or set SqlSettings.AtRestEncryptKey if that was used", name)
	}
	return create(name)
}

// create writes a fresh key, whole and on disk before it has its name; a key that another process made meanwhile wins.
func create(name string) ([]byte, error) {
	var secret [keyBytes]byte
	_, _ = rand.Read(secret[:]) // crypto/rand.Read never fails
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, keyFile+".new-*") // mode 0600
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(secret[:]) + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		if err = os.Link(f.Name(), name); errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	if err = errors.Join(err, os.Remove(f.Name()), syncDir(dir)); err != nil {
		return nil, err
	}
	return os.ReadFile(name)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Encrypt encrypts a text. What it is for, such as whose, must be said again to unseal it: a text moved elsewhere does not open.
func (b *Box) Encrypt(text, purpose string) string {
	nonce := make([]byte, b.aead.NonceSize())
	_, _ = rand.Read(nonce) // crypto/rand.Read never fails
	return prefix + base64.StdEncoding.EncodeToString(b.aead.Seal(nonce, nonce, []byte(text), []byte(purpose)))
}

// Decrypt gives a sealed text back; ErrBroken for any that Seal did not make with this key and purpose.
func (b *Box) Decrypt(sealed, purpose string) (string, error) {
	text, ok := strings.CutPrefix(sealed, prefix)
	raw, err := base64.StdEncoding.DecodeString(text)
	n := b.aead.NonceSize()
	if !ok || err != nil || len(raw) < n {
		return "", ErrDecrypt
	}
	plain, err := b.aead.Open(nil, raw[:n], raw[n:], []byte(purpose))
	if err != nil {
		return "", ErrDecrypt
	}
	return string(plain), nil
}

// MAC returns an authentication code of 32 bytes (HMAC-SHA-256) over parts, for one purpose. Nobody without the key can make one, or guess what it
// is of.
func (b *Box) MAC(purpose string, parts ...string) []byte {
	h := hmac.New(sha256.New, b.macKey)
	for _, part := range append([]string{purpose}, parts...) { // each with its length, so that no two lists read the same
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// KeyCheckStore keeps one small text for good: the first that is given under a name.
type KeyCheckStore interface {
	SystemValue(ctx context.Context, name string) (kept string, found bool, err error)
	InitSystemValue(ctx context.Context, name, value string) (kept string, err error)
}

const checkName = "key_check"

// Check holds the key against the one that the database's secrets were sealed with; the first server to come sets it.
func (b *Box) Check(ctx context.Context, marks KeyCheckStore) error {
	kept, err := marks.InitSystemValue(ctx, checkName, b.Encrypt(checkName, checkName))
	if err != nil {
		return fmt.Errorf("check the server key: %w", err)
	}
	if _, err := b.Decrypt(kept, checkName); err != nil {
		return errors.New("the database's secrets were sealed with another key: give this server the same muster.key in its data directory, or the same SqlSettings.AtRestEncryptKey")
	}
	return nil
}

// SettingsStore is what keeps the settings.
type SettingsStore interface {
	LoadSettings(ctx context.Context) (config.Stored, error)
	ChangeSettings(ctx context.Context, change func(config.Stored) ([]byte, []*muster.Audit, error)) (version int64, err error)
}

// EncryptedSettings is a Saver that seals what another one keeps: settings hold passwords of other servers.
type EncryptedSettings struct {
	Box   *Box
	Store SettingsStore
}

const settingsPurpose = "settings"

// LoadSettings unseals what is kept.
func (s EncryptedSettings) LoadSettings(ctx context.Context) (config.Stored, error) {
	kept, err := s.Store.LoadSettings(ctx)
	if err != nil {
		return kept, err
	}
	return s.unseal(kept)
}

// ChangeSettings unseals for change and seals what it makes.
func (s EncryptedSettings) ChangeSettings(ctx context.Context, change func(config.Stored) ([]byte, []*muster.Audit, error)) (version int64, err error) {
	return s.Store.ChangeSettings(ctx, func(kept config.Stored) ([]byte, []*muster.Audit, error) {
		kept, err := s.unseal(kept)
		if err != nil {
			return nil, nil, err
		}
		document, audits, err := change(kept)
		if err != nil || document == nil {
			return nil, audits, err
		}
		return []byte(s.Box.Encrypt(string(document), settingsPurpose)), audits, nil
	})
}

// unseal opens a kept document; what an earlier version kept in the clear is read as it is.
func (s EncryptedSettings) unseal(kept config.Stored) (config.Stored, error) {
	if !strings.HasPrefix(string(kept.Document), prefix) {
		return kept, nil
	}
	text, err := s.Box.Decrypt(string(kept.Document), settingsPurpose)
	if err != nil {
		return config.Stored{}, fmt.Errorf("settings: %w", err)
	}
	kept.Document = []byte(text)
	return kept, nil
}
