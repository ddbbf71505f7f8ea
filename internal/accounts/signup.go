package accounts

import (
	"context"

	"muster"
	"muster/internal/core"
	"muster/internal/mail"
	"muster/internal/mailer"
	"muster/internal/message"
	"muster/internal/store"
	"muster/internal/teams"
)

// CreateUser creates an account. Without a session it takes an open server, an invitation or an empty server; the very first account becomes
// system_admin. Kinds: Invalid, Forbidden, NotFound, Unimplemented.
func (a *Accounts) CreateUser(ctx context.Context, who *core.Caller, in *muster.User, by teams.Signup) (*muster.User, error) {
	admin, err := a.core.CanSystem(ctx, who, muster.PermManageSystem)
	if err != nil {
		return nil, err
	}
	u := in.Clone()
	a.prepareNew(u, admin)
	invited, err := a.teams.Admit(ctx, by, u)
	if err != nil {
		return nil, err
	}
	onlyFirst, err := a.requireSignup(ctx, admin, invited.Member != nil)
	if err != nil {
		return nil, err
	}
	if err := a.checkNew(ctx, who, u); err != nil {
		return nil, err
	}
	var created *muster.User
	err = a.store.WriteGrowing(ctx, func(tx *store.Tx) error {
		created = u.Clone()
		if err := a.insertNew(ctx, tx, created, invited, onlyFirst); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, a.welcome(created, in.DisableWelcomeEmail)...); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.Audit(who, created.ID, "user_id="+created.ID))
	})
	if err != nil {
		return nil, core.Missing(err, muster.Invalid, teams.BadSignupLink) // another sign-up used the link, or the team is gone
	}
	return created.Sanitized(muster.Visibility{Self: true}), nil
}

// insertNew inserts an account, the first one as an administrator, and puts it where an invitation admits it. ErrNotFound when the invitation's link or
// team is gone.
func (a *Accounts) insertNew(ctx context.Context, tx *store.Tx, u *muster.User, invited teams.Admission, onlyFirst bool) error {
	first, err := tx.ClaimFirstAccount(ctx, u)
	if err != nil {
		return err
	}
	if onlyFirst && !first {
		return muster.E(muster.Forbidden, "api.user.create_user.no_open_server")
	}
	if err := tx.UseLink(ctx, invited.Link); err != nil {
		return err
	}
	if err := tx.InsertUser(ctx, u); err != nil {
		return err
	}
	publishNewUser(tx, u.ID)
	return a.teams.JoinInvited(ctx, tx, invited)
}

// publishNewUser tells those who may see a new account of it.
func publishNewUser(tx *store.Tx, id string) {
	tx.Publish(muster.Event{Name: muster.EventNewUser, Data: map[string]any{"user_id": id}, Audience: muster.Audience{About: id}})
}

// welcome returns the mail that welcomes a new account, none if quiet. Where its address must be verified the mail with the link is sent in any case.
func (a *Accounts) welcome(u *muster.User, quiet bool) []*store.Mail {
	verify := a.mustVerifyAddress(u) && !u.EmailVerified
	switch {
	case u.IsBot, u.IsSSO(), !verify && (quiet || !a.core.Config().EmailSettings.SendEmailNotifications):
		return nil
	case u.EmailVerified:
		return a.mailer.Notification(u, a.mailer.WelcomeMessage(u, ""))
	}
	m := muster.MailToken{Purpose: muster.TokenVerifyEmail, UserID: u.ID, Email: u.Email}
	return []*store.Mail{a.mailer.MessageWithLink(m, mailer.MailTokenLife, func(token string) mail.Content { return a.mailer.WelcomeMessage(u, token) })}
}

// CanSignUp reports whether anybody may create an account now, without an invitation.
func (a *Accounts) CanSignUp(ctx context.Context) (bool, error) {
	_, err := a.requireSignup(ctx, false, false)
	if muster.IsKind(err, muster.Forbidden) || muster.IsKind(err, muster.Unimplemented) {
		return false, nil
	}
	return err == nil, err
}

// prepareNew drops what a client may not choose and fills in what it left out. A chosen id is dropped, too: checkNew refuses it with the error that
// clients know.
func (a *Accounts) prepareNew(u *muster.User, admin bool) {
	now := a.core.Now()
	u.Normalize()
	if u.ID == "" {
		u.ID = muster.NewID()
	} else {
		u.ID = ""
	}
	if u.Username == "" {
		u.Username = muster.NewID()
	}
	if !admin || u.CreateAt <= 0 || u.CreateAt > now {
		u.CreateAt = now // only an administrator's import may set it
	}
	u.UpdateAt, u.DeleteAt, u.LastPasswordUpdate, u.LastPictureUpdate, u.LastLogin, u.LastActivityAt = now, 0, now, 0, 0, 0
	u.FailedAttempts, u.MfaActive, u.MfaSecret, u.IsBot, u.BotDescription, u.BotLastIconUpdate = 0, false, "", false, "", 0
	u.TermsOfServiceID, u.TermsOfServiceCreateAt = "", 0
	none := ""
	u.RemoteID = &none
	if !admin {
		u.AuthService, u.AuthData, u.EmailVerified = "", nil, false
	}
	if u.AuthDataValue() == "" {
		u.AuthData = nil
	}
	u.Roles = muster.RoleSystemUser
	if u.Locale == "" {
		u.Locale = a.core.Config().LocalizationSettings.DefaultClientLocale
	}
	if len(u.NotifyProps) == 0 {
		u.NotifyProps = muster.DefaultNotifyProps()
	}
	if u.Timezone == nil {
		u.Timezone = muster.DefaultTimezone()
	}
}

// requireSignup refuses a new account that the settings don't allow. A closed server takes its first account all the same: onlyFirst says that the
// transaction must make sure that it is the first.
func (a *Accounts) requireSignup(ctx context.Context, admin, invited bool) (onlyFirst bool, err error) {
	if admin {
		return false, nil
	}
	c := a.core.Config()
	switch {
	case !c.TeamSettings.EnableUserCreation, !c.EmailSettings.EnableSignUpWithEmail:
		return false, muster.E(muster.Unimplemented, "api.user.create_user.signup_email_disabled.app_error")
	case c.TeamSettings.EnableOpenServer || invited:
		return false, nil
	}
	empty, err := a.store.Empty(ctx)
	if err == nil && !empty {
		err = muster.E(muster.Forbidden, "api.user.create_user.no_open_server")
	}
	return true, err
}

// checkNew validates a prepared account and replaces its password by the hash.
func (a *Accounts) checkNew(ctx context.Context, who *core.Caller, u *muster.User) error {
	if u.ID == "" {
		return muster.E(muster.Invalid, "app.user.save.existing.app_error")
	}
	domains := a.core.Config().TeamSettings.RestrictCreationToDomains
	if u.IsGuest() {
		domains = a.core.Config().GuestAccountsSettings.RestrictCreationToDomains
	}
	if !core.InDomains(u.Email, domains) && muster.ValidEmail(u.Email) {
		return muster.E(muster.Invalid, "api.user.create_user.accepted_domain.app_error").On("email")
	}
	plain := u.Password
	u.Password = ""
	if err := a.validate(u); err != nil {
		return err
	}
	if u.AuthService != "" {
		if u.AuthDataValue() == "" {
			return muster.E(muster.Invalid, "model.user.is_valid.auth_data.app_error", "UserId", u.ID).On("auth_data")
		}
		if plain != "" {
			return muster.E(muster.Invalid, "model.user.is_valid.auth_data_pwd.app_error", "UserId", u.ID).On("password")
		}
		return nil
	}
	if err := a.auth.PasswordPolicy("password", plain, u); err != nil {
		return muster.E(muster.Invalid, "api.user.check_user_password.invalid.app_error", err, "Reason", message.Of(muster.AsError(err))).On("password")
	}
	hash, err := a.auth.HashPassword(ctx, who, plain)
	u.Password = hash
	return err
}
