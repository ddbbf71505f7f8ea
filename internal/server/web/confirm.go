package web

import (
	"muster"
	"muster/internal/app"
)

var errConfirm = muster.E(muster.Forbidden, "api.context.reauthentication_required.app_error")

// proof is what the fields of the template "confirm" hold.
func (v *visit) proof() app.Proof {
	return app.Proof{Password: v.form.Get("password"), Code: v.form.Get("code")}
}

// confirm has people prove again who they are, for a change that matters, unless they did so lately.
func (v *visit) confirm() error {
	needed := v.app.ProofNeeded(v.who)
	switch {
	case v.app.Fresh(v.who):
		return nil
	case needed.Password && !v.form.Has("password"), needed.Code && !v.form.Has("code"): // as the form was shown, it was not needed yet
		return errConfirm
	}
	return v.app.Reauthenticate(v.ctx(), v.who, v.proof())
}

// confirmEnrolment is confirm for setting a second factor up. Whom the settings send there is not asked, for that is all they may do.
func (v *visit) confirmEnrolment() error {
	if v.app.MustEnrol(v.who) != nil {
		return nil
	}
	return v.confirm()
}

// confirmation is the part of a form in which people prove again who they are. The template "confirm" draws it.
type confirmation struct {
	Password, Code *field // nil for what is not asked for
	SignIn         bool   // there is nothing to ask for: only a new sign-in helps
}

// confirmIfNeeded makes the fields of the form that is sent to a path; id begins their ids. Nothing is asked of who proved it lately.
func confirmIfNeeded(w *view, path, id string) confirmation {
	if w.visit.app.Fresh(w.visit.who) {
		return confirmation{}
	}
	return confirmAlways(w, path, id)
}

// confirmAlways is confirmIfNeeded for what asks however fresh the session is.
func confirmAlways(w *view, path, id string) confirmation {
	v := w.visit
	needed := v.app.ProofNeeded(v.who)
	c := confirmation{SignIn: needed == app.ProofNeeded{} && !v.app.Fresh(v.who)}
	if needed.Password {
		f := newField(w, "password", "Current password", `type="password" autocomplete="current-password" required`).As(id+"-password").Of(w, path)
		c.Password = &f
	}
	if needed.Code {
		f := newField(w, "code", "Code from your authenticator app, or a recovery code",
			`type="text" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" maxlength="64"`).As(id+"-code").Of(w, path)
		c.Code = &f
	}
	return c
}
