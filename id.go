package muster

import (
	"crypto/rand"
	"encoding/base32"
)

// idEncoding is z-base-32: the letters that every client of the reference API expects in an id.
var idEncoding = base32.NewEncoding("ybndrfg8ejkmcpqxot1uwisza345h769").WithPadding(base32.NoPadding)

const idLength = 26

// NewID returns a fresh 26-character id: z-base-32 of 16 random bytes (128 bits).
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails (it aborts the program instead)
	return idEncoding.EncodeToString(b[:])
}

// ValidID tells whether s has the form of an id: 26 ASCII letters or digits.
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
