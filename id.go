package muster

import (
	"crypto/rand"
	"encoding/base32"
)

// idEncoding is z-base-32, which clients of the reference API expect.
var idEncoding = base32.NewEncoding("ybndrfg8ejkmcpqxot1uwisza345h769").WithPadding(base32.NoPadding)

const idLength = 26

// NewID returns a new random id: 128 bits in z-base-32, which has 26 characters.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails (it aborts the program instead)
	return idEncoding.EncodeToString(b[:])
}

// ValidID reports whether s has the form of an id: 26 ASCII letters or digits.
func ValidID(s string) bool {
	if len(s) != idLength {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
