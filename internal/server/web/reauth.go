package web

import (
	"muster"
	"muster/internal/auth"
)

var errReauthRequired = muster.E(muster.Forbidden, "api.context.reauthentication_required.app_error")

// proof returns the submitted fields of the template "reauth".
func (req *pageRequest) proof() auth.Proof {
	return auth.Proof{Password: req.form.Get("password"), Code: req.form.Get("code")}
}

// requireReauth makes sure, before a sensitive change, that the user authenticated recently or does so with this form.
func (req *pageRequest) requireReauth() error {
	needed := req.services.Auth.ProofNeeded(req.who)
	switch {
	case req.services.Auth.Fresh(req.who):
		return nil
	case needed.Password && !req.form.Has("password"), needed.Code && !req.form.Has("code"): // it wasn't needed yet when the form was shown
		return errReauthRequired
	}
	return req.services.Auth.Reauthenticate(req.ctx(), req.who, req.proof())
}

// requireReauthToEnrol is requireReauth for setting up two-step sign-in. A user whom the settings force to do so isn't
// asked again, because they can't do anything else.
func (req *pageRequest) requireReauthToEnrol() error {
	if req.services.Auth.RequireMfaEnrolment(req.who) != nil {
		return nil
	}
	return req.requireReauth()
}

// reauthFields are the fields of a form for reauthentication, rendered by the template "reauth".
type reauthFields struct {
	Password, Code *field // nil if not needed
	MustLogin      bool   // the user can't reauthenticate here and has to sign in again
}

// reauthIfNeeded returns the fields for the form with that action, none if the session is fresh. id prefixes their ids.
func reauthIfNeeded(v *view, path, id string) reauthFields {
	if v.request.services.Auth.Fresh(v.request.who) {
		return reauthFields{}
	}
	return reauthAlways(v, path, id)
}

// reauthAlways is reauthIfNeeded regardless of how fresh the session is.
func reauthAlways(v *view, path, id string) reauthFields {
	req := v.request
	needed := req.services.Auth.ProofNeeded(req.who)
	c := reauthFields{MustLogin: needed == auth.ProofNeeded{} && !req.services.Auth.Fresh(req.who)}
	if needed.Password {
		f := newField(v, "password", "Current password", `type="password" autocomplete="current-password" required`).WithID(id+"-password").OfForm(v, path)
		c.Password = &f
	}
	if needed.Code {
		f := newField(v, "code", "Code from your authenticator app, or a recovery code",
			`type="text" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" maxlength="64"`).WithID(id+"-code").OfForm(v, path)
		c.Code = &f
	}
	return c
}
