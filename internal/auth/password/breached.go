package password

import (
	"crypto/sha1" //nolint:gosec // lists of breached passwords are published as SHA-1
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Breached is a file with the SHA-1 hashes of breached passwords, in the format of Pwned Passwords: lines HASH:COUNT, sorted by hash. It is searched on
// disk, with about 35 short reads for a file of 40 GB.
type Breached struct {
	file *os.File
	sortedLines
}

const (
	sha1Digits     = 2 * sha1.Size
	breachedProbes = 1000 // lines of a large file that OpenBreached checks
)

// OpenBreached opens the file. It returns an error if the file is missing, empty, in another format or not sorted by hash; in a large file it checks a
// sample of lines at even distances.
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
	found, err := b.contains(strings.ToUpper(hex.EncodeToString(sum[:])))
	if err != nil {
		return false, fmt.Errorf("look up a password in the list of breached passwords: %w", err)
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
			return fmt.Errorf("the line at byte %d is out of order; download the list that is ordered by hash, or sort this one", begin)
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
