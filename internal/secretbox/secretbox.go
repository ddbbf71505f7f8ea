// Package secretbox encrypts what the server must be able to read again but a reader of the database must not: secrets of second factors, waiting mails,
// stored settings. It owns the server's key (docs/adr/0010-server-key.md).
//
// Security rules:
//   - Texts are encrypted with AES-256-GCM under a key derived by HKDF, and are bound to a purpose: a ciphertext moved to another row does not decrypt.
//   - The key file has mode 0600. It is created once, for a database that holds no secrets yet, and never replaced.
//   - A server whose key does not match the database refuses to start.
package secretbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

const (
	prefix   = "v1:" // of every ciphertext, so that another cipher can follow
	keyBytes = 32
)

// ErrDecrypt is returned for a ciphertext that was not made with this key for this purpose, or was changed.
var ErrDecrypt = errors.New("can't be decrypted with this server's key")

// Box encrypts, decrypts and authenticates with keys derived from one secret. It is safe for concurrent use.
type Box struct {
	aead   cipher.AEAD
	macKey []byte
}

// New returns a Box for a secret, which must be too long to guess.
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

// Encrypt encrypts a text for a purpose, such as whose secret it is. Decrypt needs the same purpose.
func (b *Box) Encrypt(text, purpose string) string {
	nonce := make([]byte, b.aead.NonceSize())
	_, _ = rand.Read(nonce) // crypto/rand.Read never fails
	return prefix + base64.StdEncoding.EncodeToString(b.aead.Seal(nonce, nonce, []byte(text), []byte(purpose)))
}

// Decrypt returns the text of a ciphertext, or ErrDecrypt for one that Encrypt did not make with this key and purpose.
func (b *Box) Decrypt(ciphertext, purpose string) (string, error) {
	encoded, ok := strings.CutPrefix(ciphertext, prefix)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	n := b.aead.NonceSize()
	if !ok || err != nil || len(raw) < n {
		return "", ErrDecrypt
	}
	text, err := b.aead.Open(nil, raw[:n], raw[n:], []byte(purpose))
	if err != nil {
		return "", ErrDecrypt
	}
	return string(text), nil
}

// MAC returns a message authentication code of 32 bytes (HMAC-SHA-256) of parts, for one purpose. Without the key nobody can compute one, or guess what
// it was computed from.
func (b *Box) MAC(purpose string, parts ...string) []byte {
	h := hmac.New(sha256.New, b.macKey)
	for _, part := range append([]string{purpose}, parts...) { // each with its length, so that no two lists are encoded alike
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}
