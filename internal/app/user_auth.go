package app

import (
	"context"

	"muster"
	"muster/internal/store"
)

// UpdateUserAuth moves an account to another sign-in service, under the name that it has there: its password and its sessions end.
// Needs edit_other_users. Kinds: Invalid, Forbidden, NotFound.
func (a *App) UpdateUserAuth(ctx context.Context, who *Caller, userID string, in muster.UserAuth) (*muster.UserAuth, error) {
	if err := a.requireSystem(ctx, who, muster.PermEditOtherUsers); err != nil {
		return nil, err
	}
	if in.AuthData == nil || *in.AuthData == "" || in.AuthService == "" || in.AuthService == muster.AuthServiceEmail {
		return nil, muster.E(muster.Invalid, "api.user.update_user_auth.invalid_request")
	}
	u, err := a.user(ctx, userID)
	if err != nil {
		return nil, err
	}
	if err := a.requireActOn(ctx, who, u); err != nil {
		return nil, err
	}
	if err := a.requireFreshFor(who, userID); err != nil {
		return nil, err
	}
	up := store.UserUpdate{EndSessions: true, VoidLinks: true, Apply: func(u *muster.User) error {
		if u.IsBot {
			return muster.E(muster.Invalid, "api.user.update_user_auth.invalid_request")
		}
		data := *in.AuthData
		u.AuthService, u.AuthData, u.Password, u.FailedAttempts = in.AuthService, &data, "", 0
		u.UpdateAt = a.now()
		u.LastPasswordUpdate = u.UpdateAt
		return a.validate(u)
	}}
	if who.ID() == userID && who.Session != nil {
		up.KeepSession = who.Session.ID
	}
	_, after, err := a.changeUserBy(ctx, who, userID, up, a.auditSelf(who, "user_id="+userID+" auth_service="+in.AuthService))
	if muster.HasID(err, "app.user.save.existing.app_error") {
		return nil, muster.E(muster.Invalid, "app.user.update_auth_data.email_exists.app_error", err).On("auth_data")
	}
	if err != nil {
		return nil, err
	}
	return &muster.UserAuth{AuthData: after.AuthData, AuthService: after.AuthService}, nil
}
