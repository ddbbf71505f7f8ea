package password

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"muster"
)

// symbols are what counts as one (models.json, User.limits.password).
const symbols = " !\"\\#$%&'()*+,-./:;<=>?@[]^_`|~"

const policyID = "model.user.is_valid.pwd"

// Policy is what a new password must hold (PasswordSettings).
type Policy struct {
	MinimumLength                        int // bytes
	Lowercase, Uppercase, Number, Symbol bool
}

// Check answers nil, or an error of kind Invalid whose id names every rule that plain breaks.
func (p Policy) Check(plain string) error {
	switch {
	case len(plain) > muster.PasswordMaxBytes || strings.ContainsRune(plain, 0) || !utf8.ValidString(plain):
		return p.refuse("_max_length")
	case len(plain) < p.MinimumLength:
		return p.refuse("_min_length" + p.missing(plain))
	}
	if m := p.missing(plain); m != "" {
		return p.refuse(m)
	}
	return nil
}

// missing accumulates the suffixes of the classes that plain lacks, in the protocol's order.
func (p Policy) missing(plain string) (suffix string) {
	for _, c := range []struct {
		asked         bool
		chars, suffix string
	}{
		{p.Lowercase, "abcdefghijklmnopqrstuvwxyz", "_lowercase"},
		{p.Uppercase, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "_uppercase"},
		{p.Number, "0123456789", "_number"},
		{p.Symbol, symbols, "_symbol"},
	} {
		if c.asked && !strings.ContainsAny(plain, c.chars) {
			suffix += c.suffix
		}
	}
	return suffix
}

func (p Policy) refuse(suffix string) error {
	return muster.E(muster.Invalid, policyID+suffix+".app_error",
		"Min", strconv.Itoa(p.MinimumLength), "Max", strconv.Itoa(muster.PasswordMaxBytes))
}
