package app

import (
	"fmt"

	"muster"
	"muster/internal/signin/password"
)

// Strength is how hard a password is to guess.
type Strength = password.Strength

// PasswordStrength judges a password that somebody is about to choose; about is what others may know of them. One that breaks a rule is told which.
func (a *App) PasswordStrength(plain string, about []string) Strength {
	if err := a.passwordPolicy(plain); err != nil {
		return Strength{Label: "Not good enough yet", Advice: muster.AsError(err).Message()}
	}
	return password.Estimate(plain, about)
}

// PasswordRules says what a new password must hold, in sentences for people.
func (a *App) PasswordRules() []string {
	c := a.Config().PasswordSettings
	rules := []string{fmt.Sprintf("At least %d characters.", c.MinimumLength)}
	for _, r := range []struct {
		asked bool
		text  string
	}{
		{c.Lowercase, "At least one small letter."}, {c.Uppercase, "At least one capital letter."}, {c.Number, "At least one digit."}, {c.Symbol, "At least one symbol."},
	} {
		if r.asked {
			rules = append(rules, r.text)
		}
	}
	return rules
}
