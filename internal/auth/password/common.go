package password

import (
	_ "embed"
	"strings"

	"golang.org/x/text/unicode/norm"
)

//go:generate go run ./gencommon

// commonText is a list of passwords that many people have, in lower case, sorted, one a line. It is made by gencommon out of a Go module's data;
// common.LICENSE has where it comes from.
//
//go:embed common.txt
var commonText string

var commonPasswords = sortedLines{strings.NewReader(commonText), int64(len(commonText)), func(line string) string { return line }}

// isCommon reports whether a password is on the list, whatever its case. As NIST SP 800-63B-4, 3.1.1.2 asks, the whole password is compared, not parts
// of it.
func isCommon(plain string) bool {
	found, err := commonPasswords.has(strings.ToLower(norm.NFKC.String(plain)))
	return found && err == nil // the program's own text can always be read; its tests do
}
