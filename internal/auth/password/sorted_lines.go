package password

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
)

// sortedLines is a text whose lines are sorted by key. A binary search reads it in place, on disk or in the program's image, without loading it.
type sortedLines struct {
	text io.ReaderAt
	size int64
	key  func(line string) string
}

const maxSortedLine = 256 // bytes

var errLongLine = fmt.Errorf("a line has more than %d bytes", maxSortedLine)

// contains reports whether a line has this key.
func (s sortedLines) contains(key string) (bool, error) {
	for low, high := int64(0), s.size; low < high; { // the line may begin in [low, high)
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

// lineFrom returns the first line that begins at offset or later. end is the offset of the next line. If there is no such line, begin and end are s.size.
func (s sortedLines) lineFrom(offset int64) (line string, begin, end int64, err error) {
	begin = offset
	if offset > 0 {
		if _, begin, err = s.restOfLine(offset - 1); err != nil {
			return "", 0, 0, err
		}
	}
	text, end, err := s.restOfLine(begin)
	return string(bytes.TrimSuffix(text, []byte("\r"))), begin, end, err
}

// restOfLine returns the text from offset to the end of its line, and the offset of the next line.
func (s sortedLines) restOfLine(offset int64) (text []byte, next int64, err error) {
	buf := make([]byte, min(maxSortedLine+1, s.size-offset))
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
