package auth

import (
	"fmt"

	"muster"
	"muster/internal/auth/password"
	"muster/internal/message"
)

// Strength is how hard a password is to guess.
type Strength = password.Strength

// PasswordStrength judges a password that somebody is about to choose; of u only what others may know is looked at. One that would be refused is told why.
func (a *Auth) PasswordStrength(plain string, u *muster.User) (Strength, error) {
	err := a.PasswordPolicy("password", plain, u)
	if muster.IsKind(err, muster.Invalid) {
		return Strength{Label: "Not strong enough yet", Advice: message.Of(muster.AsError(err))}, nil
	}
	return password.Estimate(plain, a.knownOf(u)), err
}

// PasswordRules says what a new password must hold, in sentences for people.
func (a *Auth) PasswordRules() []string {
	c := a.core.Config().PasswordSettings
	rules := []string{fmt.Sprintf("At least %d characters.", c.MinimumLength)}
	for _, r := range []struct {
		asked bool
		text  string
	}{
		{c.Lowercase, "At least one lowercase letter."}, {c.Uppercase, "At least one uppercase letter."}, {c.Number, "At least one digit."}, {c.Symbol, "At least one symbol."},
	} {
		if r.asked {
			rules = append(rules, r.text)
		}
	}
	return append(rules, "Nothing common or easy to guess.")
}
