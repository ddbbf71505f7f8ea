package password

import (
	"cmp"
	"strconv"
	"strings"
	"unicode/utf8"

	"muster"
)

// symbols are the characters that count as a symbol (models.json, User.limits.password).
const symbols = " !\"\\#$%&'()*+,-./:;<=>?@[]^_`|~"

const policyID = "model.user.is_valid.pwd"

// Policy says what a new password must be like (PasswordSettings). As NIST SP 800-63B-4 recommends, length and resistance to guessing matter most;
// composition rules exist for sites that must have them. Common passwords are always refused.
type Policy struct {
	MinimumLength                        int // bytes
	Lowercase, Uppercase, Number, Symbol bool
	MinimumStrength                      int       // the least Score of a Strength
	Breached                             *Breached // nil for none
	Field                                string    // of the request that holds the password, for errors
}

// Check returns an error of kind Invalid, whose id names the broken rules, if plain breaks any. userInputs is what others may know about the owner, as for
// Estimate. An error of another kind means that the list of breached passwords can't be read.
func (p Policy) Check(plain string, userInputs []string) error {
	switch {
	case len(plain) > muster.PasswordMaxBytes || strings.ContainsRune(plain, 0) || !utf8.ValidString(plain):
		return p.refuse("_max_length")
	case len(plain) < p.MinimumLength:
		return p.refuse("_min_length" + p.missing(plain))
	}
	if m := p.missing(plain); m != "" {
		return p.refuse(m)
	}
	return p.checkGuessable(plain, userInputs)
}

// checkGuessable refuses passwords that attackers try first.
func (p Policy) checkGuessable(plain string, userInputs []string) error {
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
	if s := Estimate(plain, userInputs); s.Score < p.MinimumStrength {
		return p.refuse("_guessable", "Advice", cmp.Or(s.Advice, "Use several unrelated words instead."))
	}
	return nil
}

// missing returns the id suffixes of the character classes that plain lacks, in the protocol's order.
func (p Policy) missing(plain string) (suffix string) {
	for _, c := range []struct {
		required      bool
		chars, suffix string
	}{
		{p.Lowercase, "abcdefghijklmnopqrstuvwxyz", "_lowercase"},
		{p.Uppercase, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "_uppercase"},
		{p.Number, "0123456789", "_number"},
		{p.Symbol, symbols, "_symbol"},
	} {
		if c.required && !strings.ContainsAny(plain, c.chars) {
			suffix += c.suffix
		}
	}
	return suffix
}

func (p Policy) refuse(suffix string, params ...any) error {
	return muster.E(muster.Invalid, policyID+suffix+".app_error",
		append(params, "Min", strconv.Itoa(p.MinimumLength), "Max", strconv.Itoa(muster.PasswordMaxBytes))...).On(p.Field)
}
