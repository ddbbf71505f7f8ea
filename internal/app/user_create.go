package app

import (
	"context"
	"strings"

	"muster"
	"muster/internal/mail"
	"muster/internal/message"
	"muster/internal/store"
)

// Signup is how somebody asks for an account: at most one of the two is set.
type Signup struct {
	Token    string // of an invitation by mail (query parameter t)
	InviteID string // of a team (query parameter iid)
}

// CreateUser makes an account. Without a session it takes an open server, an invitation or an empty server;
// the very first account becomes system_admin. The errors are of kind Invalid, Forbidden or NotFound.
func (a *App) CreateUser(ctx context.Context, who *Caller, in *muster.User, by Signup) (*muster.User, error) {
	admin, err := a.canSystem(ctx, who, muster.PermManageSystem)
	if err != nil {
		return nil, err
	}
	u := in.Clone()
	a.prepareNew(u, admin)
	opts, err := a.signup(ctx, by, u)
	if err != nil {
		return nil, err
	}
	if opts.MustBeFirst, err = a.maySignUp(ctx, admin, opts.Join != nil); err != nil {
		return nil, err
	}
	if err := a.checkNew(ctx, who, u); err != nil {
		return nil, err
	}
	opts.Post = func(created *muster.User) store.Post { return a.welcome(created, in.DisableWelcomeEmail) }
	created, err := a.store.CreateUser(ctx, u, opts, a.audit(who, u.ID, "user_id="+u.ID))
	if err != nil {
		return nil, missing(err, muster.Invalid, badSignupLink) // another sign-up used the link, or the team is gone
	}
	a.publish(muster.EventNewUser, map[string]any{"user_id": created.ID}, muster.Audience{About: created.ID})
	if opts.Join != nil {
		a.publishJoin(ctx, opts.Join, opts.ChannelIDs)
	}
	return created.For(muster.Visibility{Self: true}), nil
}

// welcome greets a new account, unless it was asked not to. Where its address must be verified the mail with the link goes in any case.
func (a *App) welcome(u *muster.User, quiet bool) store.Post {
	must := a.mustVerify(u) && !u.EmailVerified
	switch {
	case u.IsBot, u.IsSSO(), !must && (quiet || !a.Config().EmailSettings.SendEmailNotifications):
		return store.Post{}
	case u.EmailVerified:
		return a.notice(u, a.welcomeLetter(u, ""))
	}
	m := muster.MailToken{Purpose: muster.TokenVerifyEmail, UserID: u.ID, Email: u.Email}
	return a.mailed(m, mailTokenLife, func(token string) mail.Content { return a.welcomeLetter(u, token) })
}

// MaySignUp tells whether anybody may make an account now, without an invitation.
func (a *App) MaySignUp(ctx context.Context) (bool, error) {
	_, err := a.maySignUp(ctx, false, false)
	if muster.IsKind(err, muster.Forbidden) || muster.IsKind(err, muster.Unimplemented) {
		return false, nil
	}
	return err == nil, err
}

// signup is what an invitation brings a new account.
func (a *App) signup(ctx context.Context, by Signup, u *muster.User) (opts store.CreateUserOptions, err error) {
	switch {
	case by.Token != "":
		if !muster.ValidMailToken(by.Token) {
			return opts, muster.E(muster.NotFound, badSignupLink)
		}
		err = a.acceptInvitation(ctx, by.Token, u, &opts)
	case by.InviteID != "":
		opts.Join, _, err = a.joinTeamByInvite(ctx, by.InviteID, u)
	}
	if opts.Join != nil {
		opts.JoinChannels, opts.TeamLimit = a.defaultChannels(), a.Config().TeamSettings.MaxUsersPerTeam
	}
	return opts, err
}

// prepareNew drops what a client may not choose and fills in what it left out.
// A chosen id is kept until the store refuses it, as clients know that refusal.
func (a *App) prepareNew(u *muster.User, admin bool) {
	now := a.now()
	u.Fold()
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
		u.Locale = a.Config().LocalizationSettings.DefaultClientLocale
	}
	if len(u.NotifyProps) == 0 {
		u.NotifyProps = muster.DefaultNotifyProps()
	}
	if u.Timezone == nil {
		u.Timezone = muster.DefaultTimezone()
	}
}

// maySignUp holds the settings that open or close the server to new accounts. A closed server takes its first
// account all the same; onlyFirst asks the store to make sure of it.
func (a *App) maySignUp(ctx context.Context, admin, invited bool) (onlyFirst bool, err error) {
	if admin {
		return false, nil
	}
	c := a.Config()
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
func (a *App) checkNew(ctx context.Context, who *Caller, u *muster.User) error {
	if u.ID == "" {
		return muster.E(muster.Invalid, "app.user.save.existing.app_error")
	}
	domains := a.Config().TeamSettings.RestrictCreationToDomains
	if u.IsGuest() {
		domains = a.Config().GuestAccountsSettings.RestrictCreationToDomains
	}
	if !inDomains(u.Email, domains) && muster.ValidEmail(u.Email) {
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
	if err := a.passwordPolicy("password", plain, u); err != nil {
		return muster.E(muster.Invalid, "api.user.check_user_password.invalid.app_error", err, "Reason", message.Of(muster.AsError(err))).On("password")
	}
	hash, err := a.hashPassword(ctx, who, plain)
	u.Password = hash
	return err
}

// inDomains tells whether an address is in a list of domains, separated by commas or spaces; an empty list holds all.
func inDomains(email, domains string) bool {
	list := strings.FieldsFunc(strings.ToLower(domains), func(r rune) bool { return r == ',' || r == ' ' || r == '@' })
	for _, d := range list {
		if strings.HasSuffix(email, "@"+d) {
			return true
		}
	}
	return len(list) == 0
}
