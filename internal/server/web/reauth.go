package web

import (
	"muster"
	"muster/internal/auth"
)

var errReauthRequired = muster.E(muster.Forbidden, "api.context.reauthentication_required.app_error")

// proof is what the fields of the template "confirm" hold.
func (req *pageRequest) proof() auth.Proof {
	return auth.Proof{Password: req.form.Get("password"), Code: req.form.Get("code")}
}

// confirm has people prove again who they are, for a change that matters, unless they did so lately.
func (req *pageRequest) requireReauth() error {
	needed := req.services.Auth.ProofNeeded(req.who)
	switch {
	case req.services.Auth.Fresh(req.who):
		return nil
	case needed.Password && !req.form.Has("password"), needed.Code && !req.form.Has("code"): // as the form was shown, it was not needed yet
		return errReauthRequired
	}
	return req.services.Auth.Reauthenticate(req.ctx(), req.who, req.proof())
}

// confirmEnrolment is confirm for setting a second factor up. Whom the settings send there is not asked, for that is all they may do.
func (req *pageRequest) requireReauthToEnrol() error {
	if req.services.Auth.RequireMfaEnrolment(req.who) != nil {
		return nil
	}
	return req.requireReauth()
}

// confirmation is the part of a form in which people prove again who they are. The template "confirm" draws it.
type reauthFields struct {
	Password, Code *field // nil for what is not asked for
	MustLogin      bool   // there is nothing to ask for: only a new sign-in helps
}

// confirmIfNeeded makes the fields of the form that is sent to a path; id begins their ids. Nothing is asked of who proved it lately.
func reauthIfNeeded(v *view, path, id string) reauthFields {
	if v.request.services.Auth.Fresh(v.request.who) {
		return reauthFields{}
	}
	return reauthAlways(v, path, id)
}

// confirmAlways is confirmIfNeeded for what asks however fresh the session is.
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
