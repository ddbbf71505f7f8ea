package password

import (
	_ "embed"
	"strings"

	"golang.org/x/text/unicode/norm"
)

//go:generate go run ./gencommon

// commonText lists common passwords in lower case, sorted, one per line. gencommon makes it from the data of a Go module; common.LICENSE names the source.
//
//go:embed common.txt
var commonText string

var commonPasswords = sortedLines{strings.NewReader(commonText), int64(len(commonText)), func(line string) string { return line }}

// isCommon reports whether a password is on the list, in any letter case. The whole password is compared, not parts of it (NIST SP 800-63B-4, 3.1.1.2).
func isCommon(plain string) bool {
	found, err := commonPasswords.contains(strings.ToLower(norm.NFKC.String(plain)))
	return found && err == nil // reading embedded text can't fail, and the tests read it
}
