package password

import (
	"crypto/sha1" //nolint:gosec // the form in which lists of breached passwords are published
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Breached is a file of the SHA-1 hashes of breached passwords in the form of Pwned Passwords: lines HASH:COUNT in the order of the hashes. It is
// searched on disk, in some 35 short reads for a file of 40 GB.
type Breached struct {
	file *os.File
	sortedLines
}

const (
	sha1Digits     = 2 * sha1.Size
	breachedProbes = 1000 // lines of a large file that are looked at before it is taken
)

// OpenBreached opens the file. The error says what is wrong with one that is missing, empty, of another form or not sorted by hash; in a large file
// lines at even distances stand for all.
func OpenBreached(path string) (*Breached, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	b := &Breached{file, sortedLines{file, info.Size(), hashOfLine}}
	if err := b.check(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return b, nil
}

// Close closes the file.
func (b *Breached) Close() error { return b.file.Close() }

// Contains reports whether a password is in the file.
func (b *Breached) Contains(plain string) (bool, error) {
	sum := sha1.Sum([]byte(plain)) //nolint:gosec // as above
	found, err := b.has(strings.ToUpper(hex.EncodeToString(sum[:])))
	if err != nil {
		return false, fmt.Errorf("look a password up among the breached ones: %w", err)
	}
	return found, nil
}

func (b *Breached) check() error {
	if b.size == 0 {
		return errors.New("the file is empty")
	}
	last := ""
	for offset := int64(0); offset < b.size; {
		line, begin, end, err := b.lineFrom(offset)
		if err != nil {
			return err
		}
		if begin == b.size {
			break
		}
		hash := hashOfLine(line)
		if !isSHA1(hash) {
			return fmt.Errorf("the line at byte %d is not HASH:COUNT with a SHA-1 hash of %d hexadecimal digits", begin, sha1Digits)
		}
		if hash <= last {
			return fmt.Errorf("the line at byte %d is not in the order of the hashes; take the list that is ordered by hash, or sort it", begin)
		}
		last = hash
		offset = max(end, offset+b.size/breachedProbes)
	}
	return nil
}

func hashOfLine(line string) string {
	hash, _, _ := strings.Cut(line, ":")
	return strings.ToUpper(hash)
}

func isSHA1(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == sha1Digits
}
