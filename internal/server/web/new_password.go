package web

import (
	"strings"

	"muster"
)

// newPasswordField is a field for a new password, rendered by the template "new-password".
type newPasswordField struct {
	field
	Meter string // URL that judges the strength of a password
}

// newPassword returns the field of that name, with the password rules as its hint.
func newPassword(v *view, name, label string) newPasswordField {
	c := newPasswordField{newField(v, name, label, ""), v.Base + "/password_strength"}
	c.Help = strings.Join(v.request.services.Auth.PasswordRules(), " ")
	return c
}

// WithID is field.WithID.
func (c newPasswordField) WithID(id string) newPasswordField {
	c.field = c.field.WithID(id)
	return c
}

// Autofocus is field.Autofocus.
func (c newPasswordField) Autofocus(v *view) newPasswordField {
	c.field = c.field.Autofocus(v)
	return c
}

// revokeTokensChecked reports whether the box that revokes access tokens is checked: as submitted, or else as atFirst says.
func revokeTokensChecked(v *view, atFirst bool) bool {
	if v.FormError == nil || !v.request.form.Has("new_password") {
		return atFirst
	}
	return v.request.form.Has("revoke_access_tokens")
}

// passwordStrength answers the script that judges a password as it is typed.
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
