package web

import (
	"strings"

	"muster"
)

// choice is a field for a password that is chosen now. The template "new-password" draws it.
type choice struct {
	field
	Meter string // where how good a password is can be asked
}

// newPassword makes the field of the view's form that has this name.
func newPassword(w *view, name, label string) choice {
	c := choice{newField(w, name, label, ""), w.Base + "/password_strength"}
	c.Help = strings.Join(w.visit.app.PasswordRules(), " ")
	return c
}

// As is field's.
func (c choice) As(id string) choice {
	c.field = c.field.As(id)
	return c
}

// First is field's.
func (c choice) First(w *view) choice {
	c.field = c.field.First(w)
	return c
}

// revokeTokens reports whether the box is ticked by which a new password ends access tokens: as it was sent, or as it is at first.
func revokeTokens(w *view, atFirst bool) bool {
	if w.Problem == nil || !w.visit.form.Has("new_password") {
		return atFirst
	}
	return w.visit.form.Has("revoke_access_tokens")
}

// passwordStrength answers a script, as a password is typed, with how good it is by now.
func passwordStrength(v *visit) error {
	plain := v.form.Get("new_password")
	if plain == "" {
		plain = v.form.Get("password")
	}
	if plain == "" {
		return v.showFragment("strength", nil)
	}
	u := v.who.User
	if u == nil {
		u = &muster.User{Username: v.form.Get("username"), Email: v.form.Get("email")}
	}
	s, err := v.app.PasswordStrength(plain, u)
	if err != nil {
		return err
	}
	return v.showFragment("strength", s)
}
