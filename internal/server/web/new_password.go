package web

import (
	"strings"

	"muster"
)

// choice is a field for a password that is chosen now. The template "new-password" draws it.
type newPasswordField struct {
	field
	Meter string // where how good a password is can be asked
}

// newPassword makes the field of the view's form that has this name.
func newPassword(v *view, name, label string) newPasswordField {
	c := newPasswordField{newField(v, name, label, ""), v.Base + "/password_strength"}
	c.Help = strings.Join(v.request.services.Auth.PasswordRules(), " ")
	return c
}

// As is field's.
func (c newPasswordField) WithID(id string) newPasswordField {
	c.field = c.field.WithID(id)
	return c
}

// First is field's.
func (c newPasswordField) Autofocus(v *view) newPasswordField {
	c.field = c.field.Autofocus(v)
	return c
}

// revokeTokens reports whether the box is ticked by which a new password ends access tokens: as it was sent, or as it is at first.
func revokeTokensChecked(v *view, atFirst bool) bool {
	if v.FormError == nil || !v.request.form.Has("new_password") {
		return atFirst
	}
	return v.request.form.Has("revoke_access_tokens")
}

// passwordStrength answers a script, as a password is typed, with how good it is by now.
func passwordStrength(req *pageRequest) error {
	plain := req.form.Get("new_password")
	if plain == "" {
		plain = req.form.Get("password")
	}
	if plain == "" {
		return req.showFragment("strength", nil)
	}
	u := req.who.User
	if u == nil {
		u = &muster.User{Username: req.form.Get("username"), Email: req.form.Get("email")}
	}
	s, err := req.services.Auth.PasswordStrength(plain, u)
	if err != nil {
		return err
	}
	return req.showFragment("strength", s)
}
