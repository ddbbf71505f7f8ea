package app

import (
	"context"
	"slices"

	"golang.org/x/text/language"

	"muster"
	"muster/internal/store"
)

// UpdateUser replaces an account's own fields; what the request leaves out is cleared.
// Changing one's own address takes one's password. Kinds: Invalid, Unauthenticated, Forbidden, NotFound, Conflict.
func (a *App) UpdateUser(ctx context.Context, who *Caller, in *muster.User) (*muster.User, error) {
	if err := a.mayEdit(ctx, who, in.ID); err != nil {
		return nil, err
	}
	old, err := a.user(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	in.Fold()
	return a.edit(ctx, who, old, in.Password, "", func(u *muster.User) {
		u.Username, u.Email, u.Nickname, u.FirstName, u.LastName, u.Position = in.Username, in.Email, in.Nickname, in.FirstName, in.LastName, in.Position
		u.Locale, u.Timezone, u.Props, u.NotifyProps = in.Locale, in.Timezone, in.Props, in.NotifyProps
		u.AllowMarketing, u.RemoteID = in.AllowMarketing, nil
	})
}

// PatchUser changes the fields that the patch names. Errors as UpdateUser's; an unknown account is kind Invalid.
func (a *App) PatchUser(ctx context.Context, who *Caller, userID string, p *muster.UserPatch) (*muster.User, error) {
	if err := a.mayEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	old, err := a.user(ctx, userID)
	if muster.IsKind(err, muster.NotFound) {
		return nil, muster.InvalidParam("user_id", err)
	}
	if err != nil {
		return nil, err
	}
	password := ""
	if p.Password != nil {
		password = *p.Password
	}
	void := ""
	if p.Email != nil && muster.FoldName(*p.Email) == old.Email {
		void = muster.TokenChangeEmail // who asked for another address wants to keep this one after all
	}
	return a.edit(ctx, who, old, password, void, func(u *muster.User) { u.Apply(p) })
}

// edit runs change on the account inside the store's transaction, with every rule of an edit around it. Links of the purpose void are void then.
func (a *App) edit(ctx context.Context, who *Caller, old *muster.User, password, void string, change func(*muster.User)) (*muster.User, error) {
	wanted := old.Clone()
	change(wanted)
	wanted.Fold()
	if wanted.Email != old.Email && who.ID() == old.ID {
		if err := a.mayChangeOwnEmail(ctx, who, old, password); err != nil {
			return nil, err
		}
	}
	if wanted.Email != old.Email && a.mustVerify(old) {
		if err := a.mayAskFor(ctx, wanted.Email); err != nil {
			return nil, err
		}
	}
	asked := "" // an address that waits to be verified
	up := store.UserUpdate{VoidLink: void, Apply: func(u *muster.User) error {
		before := u.Clone()
		change(u)
		err := a.settleEdit(before, u)
		asked = ""
		if u.Email != before.Email && a.mustVerify(before) {
			asked, u.Email, u.EmailVerified = u.Email, before.Email, before.EmailVerified
		}
		return err
	}}
	up.Post = func(before, after *muster.User) store.Post {
		if asked != "" {
			return a.askNewAddress(after, asked)
		}
		return a.addressNotices(who, before, after)
	}
	_, u, err := a.changeUserBy(ctx, who, old.ID, up, a.auditSelf(who, "user_id="+old.ID))
	if err != nil {
		return nil, err
	}
	return u.For(muster.Visibility{Self: true}), nil
}

// settleEdit holds the rules between the account before and after an edit.
func (a *App) settleEdit(before, u *muster.User) error {
	u.Fold()
	if len(u.NotifyProps) == 0 {
		u.NotifyProps = muster.DefaultNotifyProps()
	}
	if before.IsSSO() && (u.Username != before.Username || u.Email != before.Email || u.FirstName != before.FirstName || u.LastName != before.LastName) {
		return muster.E(muster.Conflict, "api.user.patch_user.login_provider_attribute_set.app_error")
	}
	u.UpdateAt = a.now()
	if u.Email != before.Email {
		u.EmailVerified = false
		if err := a.checkEmailDomain(u); err != nil {
			return err
		}
	}
	if u.Username != before.Username {
		u.SyncMentionKeys(before.Username)
		if u.LastPictureUpdate <= 0 {
			u.LastPictureUpdate = -u.UpdateAt // the drawn picture shows the new initial
		}
	}
	return a.validate(u)
}

func (a *App) checkEmailDomain(u *muster.User) error {
	c := a.Config()
	switch {
	case !muster.ValidEmail(u.Email):
		return nil // validate names the field
	case u.IsGuest() && !inDomains(u.Email, c.GuestAccountsSettings.RestrictCreationToDomains):
		return muster.E(muster.Invalid, "api.user.update_user.accepted_guest_domain.app_error").On("email")
	case !u.IsGuest() && !inDomains(u.Email, c.TeamSettings.RestrictCreationToDomains):
		return muster.E(muster.Invalid, "api.user.update_user.accepted_domain.app_error").On("email")
	}
	return nil
}

// validate is the domain's Validate and what needs more than the standard library to know.
func (a *App) validate(u *muster.User) error {
	if err := u.Validate(); err != nil {
		return err
	}
	if u.Locale != "" {
		if _, err := language.Parse(u.Locale); err != nil {
			return muster.E(muster.Invalid, "model.user.is_valid.locale.app_error", "UserId", u.ID).On("locale")
		}
	}
	if !slices.Contains(authServices, u.AuthService) {
		return muster.E(muster.Invalid, "model.user.is_valid.auth_data_type.app_error", "UserId", u.ID).On("auth_service")
	}
	return nil
}

// authServices are the sign-in services that an account may belong to; "" and "email" are the server's own passwords.
var authServices = []string{"", "email", "ldap", "saml", "gitlab", "google", "office365", "openid"}

// proveOwner asks for the account's password before a change that could take the account over. Wrong ones are counted by the caller's session: a stolen
// one can't try many, and attempts to sign in elsewhere don't keep the owner from changing anything.
func (a *App) proveOwner(ctx context.Context, who *Caller, u *muster.User, password string) error {
	if u.IsSSO() || u.Password == "" {
		return muster.E(muster.Invalid, "api.user.update_password.oauth.app_error")
	}
	if password == "" {
		return muster.InvalidParam("password")
	}
	reservation, err := a.passwords.Reserve(ctx, who.origin())
	if err != nil {
		return err
	}
	defer reservation.Release()
	at, err := a.reserveProof(ctx, who, u)
	if err != nil {
		return err
	}
	defer a.giveBack(ctx, at)
	ok, _, err := verify(reservation, at, u, password)
	if err != nil {
		return err
	}
	if !ok {
		if err := a.attemptFailed(ctx, who, "", u, at, wrongPassword); err != nil {
			return err
		}
		return errWrongPassword
	}
	if err := a.store.AttemptSucceeded(ctx, at.reserved); err != nil {
		return err
	}
	a.decided(at)
	return nil
}

// mayChangeOwnEmail takes the password with the request, as the reference server does. Where signing in takes a code besides, the password alone is not
// enough: the session must be fresh.
func (a *App) mayChangeOwnEmail(ctx context.Context, who *Caller, u *muster.User, password string) error {
	if who.Session.OfAccessToken() {
		return errNotByAccessToken
	}
	if password != "" && a.takesCode(u) {
		if err := a.requireFresh(who); err != nil {
			return err
		}
	}
	return a.proveOwner(ctx, who, u, password)
}

// changeUserBy is changeUser for what a caller does to an account that may be somebody else's: whether it may is decided on the row that is written.
func (a *App) changeUserBy(ctx context.Context, who *Caller, id string, up store.UserUpdate, audits ...*muster.Audit) (before, after *muster.User, err error) {
	if up.Guard, err = a.guard(ctx, who, id); err != nil {
		return nil, nil, err
	}
	return a.changeUser(ctx, id, up, audits...)
}

// changeUser writes through the store, forgets the cached account and tells everybody.
func (a *App) changeUser(ctx context.Context, id string, up store.UserUpdate, audits ...*muster.Audit) (before, after *muster.User, err error) {
	before, after, err = a.store.UpdateUser(ctx, id, up, audits...)
	a.cache.forget(id)
	if err != nil {
		return nil, nil, missingAccount(err)
	}
	a.publishUserUpdated(after)
	return before, after, nil
}

// publishUserUpdated tells the account's owner everything, and administrators and everybody else what they may see.
func (a *App) publishUserUpdated(u *muster.User) {
	c := a.Config().PrivacySettings
	for _, copied := range []struct {
		as muster.Visibility
		to muster.Audience
	}{
		{muster.Visibility{Admin: true}, muster.Audience{OmitUsers: []string{u.ID}, Admins: true}},
		{muster.Visibility{Email: c.ShowEmailAddress, FullName: c.ShowFullName}, muster.Audience{OmitUsers: []string{u.ID}, NotAdmins: true, About: u.ID}},
		{muster.Visibility{Self: true}, muster.Audience{UserID: u.ID}},
	} {
		a.publish(muster.EventUserUpdated, map[string]any{"user": u.For(copied.as)}, copied.to)
	}
}
