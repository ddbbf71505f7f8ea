package password

import (
	"cmp"
	"strconv"
	"strings"
	"unicode/utf8"

	"muster"
)

// symbols are what counts as one (models.json, User.limits.password).
const symbols = " !\"\\#$%&'()*+,-./:;<=>?@[]^_`|~"

const policyID = "model.user.is_valid.pwd"

// Policy is what a new password must hold (PasswordSettings). As NIST SP 800-63B-4 advises, it asks for length and for what nobody guesses; rules of
// composition are there for who must have them. What is common is refused always.
type Policy struct {
	MinimumLength                        int // bytes
	Lowercase, Uppercase, Number, Symbol bool
	MinimumStrength                      int       // a Strength's score
	Breached                             *Breached // nil for none
}

// Check returns nil, or an error of kind Invalid whose id names the rules that plain breaks. about is what others may know of its owner, as for Estimate.
// An error of another kind says that the breached passwords can't be read.
func (p Policy) Check(plain string, about []string) error {
	switch {
	case len(plain) > muster.PasswordMaxBytes || strings.ContainsRune(plain, 0) || !utf8.ValidString(plain):
		return p.refuse("_max_length")
	case len(plain) < p.MinimumLength:
		return p.refuse("_min_length" + p.missing(plain))
	}
	if m := p.missing(plain); m != "" {
		return p.refuse(m)
	}
	return p.checkGuessable(plain, about)
}

// checkGuessable refuses what is tried before anything else.
func (p Policy) checkGuessable(plain string, about []string) error {
	if isCommon(plain) {
		return p.refuse("_common")
	}
	if p.Breached != nil {
		found, err := p.Breached.Contains(plain)
		if err != nil {
			return err
		}
		if found {
			return p.refuse("_breached")
		}
	}
	if p.MinimumStrength == 0 {
		return nil
	}
	if s := Estimate(plain, about); s.Score < p.MinimumStrength {
		return p.refuse("_guessable", "Advice", cmp.Or(s.Advice, "Put several words together that have nothing to do with each other."))
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

func (p Policy) refuse(suffix string, params ...any) error {
	return muster.E(muster.Invalid, policyID+suffix+".app_error",
		append(params, "Min", strconv.Itoa(p.MinimumLength), "Max", strconv.Itoa(muster.PasswordMaxBytes))...)
}
