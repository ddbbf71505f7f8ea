package accounts

import (
	"context"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// UpdateUserAuth moves an account to another sign-in service, under the name that it has there: its password and its sessions end.
// Needs edit_other_users. Kinds: Invalid, Forbidden, NotFound.
func (a *Accounts) UpdateUserAuth(ctx context.Context, who *core.Caller, userID string, in muster.UserAuth) (*muster.UserAuth, error) {
	if err := a.core.RequireSystem(ctx, who, muster.PermEditOtherUsers); err != nil {
		return nil, err
	}
	if in.AuthData == nil || *in.AuthData == "" || in.AuthService == "" || in.AuthService == muster.AuthServiceEmail {
		return nil, muster.E(muster.Invalid, "api.user.update_user_auth.invalid_request")
	}
	u, err := a.core.User(ctx, userID)
	if err != nil {
		return nil, err
	}
	if err := a.core.RequireActOn(ctx, who, u); err != nil {
		return nil, err
	}
	if err := a.auth.RequireFreshFor(who, userID); err != nil {
		return nil, err
	}
	may, err := a.core.AuthorityOver(ctx, who, userID)
	if err != nil {
		return nil, err
	}
	keep := "" // the session that asks
	if who.ID() == userID && who.Session != nil {
		keep = who.Session.ID
	}
	_, after, err := a.core.ChangeUser(ctx, userID, may, func(tx *store.Tx, u *muster.User) error {
		if u.IsBot {
			return muster.E(muster.Invalid, "api.user.update_user_auth.invalid_request")
		}
		data := *in.AuthData
		u.AuthService, u.AuthData, u.Password, u.FailedAttempts = in.AuthService, &data, "", 0
		u.UpdateAt = a.core.Now()
		u.LastPasswordUpdate = u.UpdateAt
		if err := a.validate(u); err != nil {
			return err
		}
		if err := tx.EndSessions(ctx, userID, keep); err != nil {
			return err
		}
		if err := tx.VoidAllLinks(ctx, userID); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, "user_id="+userID+" auth_service="+in.AuthService))
	})
	if muster.HasID(err, "app.user.save.existing.app_error") {
		return nil, muster.E(muster.Invalid, "app.user.update_auth_data.email_exists.app_error", err).On("auth_data")
	}
	if err != nil {
		return nil, err
	}
	return &muster.UserAuth{AuthData: after.AuthData, AuthService: after.AuthService}, nil
}
