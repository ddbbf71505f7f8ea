package password

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
)

// sortedLines is a text whose lines are sorted by key. It is searched where it is, on disk or in the program's own image, and never loaded.
type sortedLines struct {
	text io.ReaderAt
	size int64
	key  func(line string) string
}

const sortedLineMax = 256 // bytes

var errLongLine = fmt.Errorf("a line has more than %d bytes", sortedLineMax)

// has reports whether a line has this key.
func (s sortedLines) has(key string) (bool, error) {
	for low, high := int64(0), s.size; low < high; { // lines that begin in [low, high) are still in question
		middle := low + (high-low)/2
		line, begin, end, err := s.lineFrom(middle)
		if err != nil {
			return false, err
		}
		if begin >= high {
			high = middle
			continue
		}
		switch cmp.Compare(s.key(line), key) {
		case 0:
			return true, nil
		case -1:
			low = end
		default:
			high = middle
		}
	}
	return false, nil
}

// lineFrom reads the first line that begins at offset or after it. end is where the next one begins; at the end of the text all are s.size.
func (s sortedLines) lineFrom(offset int64) (line string, begin, end int64, err error) {
	begin = offset
	if offset > 0 {
		if _, begin, err = s.rest(offset - 1); err != nil {
			return "", 0, 0, err
		}
	}
	text, end, err := s.rest(begin)
	return string(bytes.TrimSuffix(text, []byte("\r"))), begin, end, err
}

// rest reads from offset to the end of the line, and says where the next one begins.
func (s sortedLines) rest(offset int64) (text []byte, next int64, err error) {
	buf := make([]byte, min(sortedLineMax+1, s.size-offset))
	n, err := s.text.ReadAt(buf, offset)
	if err != nil && (n < len(buf) || !errors.Is(err, io.EOF)) {
		return nil, 0, fmt.Errorf("read at %d: %w", offset, err)
	}
	if text, _, found := bytes.Cut(buf, []byte("\n")); found {
		return text, offset + int64(len(text)) + 1, nil
	}
	if offset+int64(n) < s.size {
		return nil, 0, errLongLine
	}
	return buf, s.size, nil
}
