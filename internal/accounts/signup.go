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

// CreateUser makes an account. Without a session it takes an open server, an invitation or an empty server;
// the very first account becomes system_admin. The errors are of kind Invalid, Forbidden or NotFound.
func (a *Accounts) CreateUser(ctx context.Context, who *core.Caller, in *muster.User, by teams.Signup) (*muster.User, error) {
	admin, err := a.core.CanSystem(ctx, who, muster.PermManageSystem)
	if err != nil {
		return nil, err
	}
	u := in.Clone()
	a.prepareNew(u, admin)
	opts, err := a.signup(ctx, by, u)
	if err != nil {
		return nil, err
	}
	if opts.MustBeFirst, err = a.requireSignup(ctx, admin, opts.Join != nil); err != nil {
		return nil, err
	}
	if err := a.checkNew(ctx, who, u); err != nil {
		return nil, err
	}
	opts.Post = func(created *muster.User) []*store.Mail { return a.welcome(created, in.DisableWelcomeEmail) }
	created, err := a.store.CreateUser(ctx, u, opts, a.core.Audit(who, u.ID, "user_id="+u.ID))
	if err != nil {
		return nil, core.Missing(err, muster.Invalid, teams.BadSignupLink) // another sign-up used the link, or the team is gone
	}
	a.core.Publish(muster.EventNewUser, map[string]any{"user_id": created.ID}, muster.Audience{About: created.ID})
	if opts.Join != nil {
		a.teams.PublishJoin(ctx, opts.Join, opts.ChannelIDs)
	}
	return created.Sanitized(muster.Visibility{Self: true}), nil
}

// welcome greets a new account, unless it was asked not to. Where its address must be verified the mail with the link goes in any case.
func (a *Accounts) welcome(u *muster.User, quiet bool) []*store.Mail {
	must := a.mustVerifyAddress(u) && !u.EmailVerified
	switch {
	case u.IsBot, u.IsSSO(), !must && (quiet || !a.core.Config().EmailSettings.SendEmailNotifications):
		return nil
	case u.EmailVerified:
		return a.mailer.Notification(u, a.mailer.WelcomeMessage(u, ""))
	}
	m := muster.MailToken{Purpose: muster.TokenVerifyEmail, UserID: u.ID, Email: u.Email}
	return []*store.Mail{a.mailer.MessageWithLink(m, mailer.MailTokenLife, func(token string) mail.Content { return a.mailer.WelcomeMessage(u, token) })}
}

// CanSignUp tells whether anybody may make an account now, without an invitation.
func (a *Accounts) CanSignUp(ctx context.Context) (bool, error) {
	_, err := a.requireSignup(ctx, false, false)
	if muster.IsKind(err, muster.Forbidden) || muster.IsKind(err, muster.Unimplemented) {
		return false, nil
	}
	return err == nil, err
}

// signup is what an invitation brings a new account.
func (a *Accounts) signup(ctx context.Context, by teams.Signup, u *muster.User) (opts store.CreateUserOptions, err error) {
	switch {
	case by.Token != "":
		if !muster.ValidMailToken(by.Token) {
			return opts, muster.E(muster.NotFound, teams.BadSignupLink)
		}
		err = a.teams.AcceptInvitation(ctx, by.Token, u, &opts)
	case by.InviteID != "":
		opts.Join, _, err = a.teams.MembershipByInvite(ctx, by.InviteID, u)
	}
	if opts.Join != nil {
		opts.JoinChannels, opts.TeamLimit = a.teams.DefaultChannels(), a.core.Config().TeamSettings.MaxUsersPerTeam
	}
	return opts, err
}

// prepareNew drops what a client may not choose and fills in what it left out.
// A chosen id is kept until the store refuses it, as clients know that refusal.
func (a *Accounts) prepareNew(u *muster.User, admin bool) {
	now := a.core.Now()
	u.Normalize()
	if u.ID == "" {
		u.ID = muster.NewID()
	} else {
		u.ID = "" // refused in checkNew
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

// requireSignup holds the settings that open or close the server to new accounts. A closed server takes its first
// account all the same; onlyFirst asks the store to make sure of it.
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
