package secretbox

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"muster/internal/store"
)

const (
	keyFile  = "muster.key"
	keyCheck = "key_check" // name, text and purpose of a ciphertext in the database by which a server recognises that it has the right key
)

// Open returns the Box of a server, with its configured secret or, without one, the key file in its data directory. The file is created for a database
// that holds no secrets yet. Open fails if the database's secrets were encrypted with another key.
func Open(ctx context.Context, dataDir, configured string, db *store.Store) (*Box, error) {
	secret, err := loadSecret(ctx, dataDir, configured, db)
	if err != nil {
		return nil, err
	}
	box, err := New(secret)
	if err != nil {
		return nil, err
	}
	return box, box.Check(ctx, db)
}

func loadSecret(ctx context.Context, dataDir, configured string, db *store.Store) ([]byte, error) {
	if configured != "" {
		return []byte(configured), nil
	}
	name := filepath.Join(dataDir, keyFile)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = createKeyFileOnce(ctx, name, db)
	}
	if err != nil {
		return nil, fmt.Errorf("server key: %w", err)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != keyBytes {
		return nil, fmt.Errorf("server key: %s is damaged: restore it from a backup", name)
	}
	return secret, nil
}

// createKeyFileOnce creates the key file, unless the database was used with a key before: a new key could not decrypt its secrets and would then be
// mistaken for the right one.
func createKeyFileOnce(ctx context.Context, name string, db *store.Store) ([]byte, error) {
	_, used, err := db.SystemValue(ctx, keyCheck)
	if err != nil {
		return nil, err
	}
	if used {
		return nil, fmt.Errorf("%s is missing, and the database's secrets are encrypted with it: restore it from a backup, or set SqlSettings.AtRestEncryptKey if the server used that", name)
	}
	return createKeyFile(name)
}

// createKeyFile writes a new key and syncs it to disk before the file gets its name. If another process creates the file meanwhile, that key is used.
func createKeyFile(name string) ([]byte, error) {
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

// Check returns an error unless the key is the one that the database's secrets were encrypted with. The first server that uses a database stores the
// key check.
func (b *Box) Check(ctx context.Context, db *store.Store) error {
	stored, found, err := db.SystemValue(ctx, keyCheck)
	if err == nil && !found {
		err = db.Write(ctx, func(tx *store.Tx) (err error) {
			stored, err = tx.InitSystemValue(ctx, keyCheck, b.Encrypt(keyCheck, keyCheck))
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("check the server key: %w", err)
	}
	if _, err := b.Decrypt(stored, keyCheck); err != nil {
		return errors.New("the database's secrets are encrypted with another key: give this server the same muster.key in its data directory, or the same SqlSettings.AtRestEncryptKey")
	}
	return nil
}
