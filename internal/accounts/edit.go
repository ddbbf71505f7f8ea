package accounts

import (
	"context"
	"slices"

	"golang.org/x/text/language"

	"muster"
	"muster/internal/auth"
	"muster/internal/core"
	"muster/internal/store"
)

// UpdateUser replaces an account's own fields; what the request leaves out is cleared.
// Changing one's own address takes one's password. Kinds: Invalid, Unauthenticated, Forbidden, NotFound, Conflict.
func (a *Accounts) UpdateUser(ctx context.Context, who *core.Caller, in *muster.User) (*muster.User, error) {
	if err := a.core.RequireEdit(ctx, who, in.ID); err != nil {
		return nil, err
	}
	old, err := a.core.User(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	in.Normalize()
	return a.edit(ctx, who, old, in.Password, "", func(u *muster.User) {
		u.Username, u.Email, u.Nickname, u.FirstName, u.LastName, u.Position = in.Username, in.Email, in.Nickname, in.FirstName, in.LastName, in.Position
		u.Locale, u.Timezone, u.Props, u.NotifyProps = in.Locale, in.Timezone, in.Props, in.NotifyProps
		u.AllowMarketing, u.RemoteID = in.AllowMarketing, nil
	})
}

// PatchUser changes the fields that the patch names. Errors as UpdateUser's; an unknown account is kind Invalid.
func (a *Accounts) PatchUser(ctx context.Context, who *core.Caller, userID string, p *muster.UserPatch) (*muster.User, error) {
	if err := a.core.RequireEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	old, err := a.core.User(ctx, userID)
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
	if p.Email != nil && muster.NormalizeName(*p.Email) == old.Email {
		void = muster.TokenChangeEmail // who asked for another address wants to keep this one after all
	}
	return a.edit(ctx, who, old, password, void, func(u *muster.User) { u.Apply(p) })
}

// edit runs change on the account inside the store's transaction, with every rule of an edit around it. Links of the purpose void, "" for none, are void then.
func (a *Accounts) edit(ctx context.Context, who *core.Caller, old *muster.User, password, void string, change func(*muster.User)) (*muster.User, error) {
	wanted := old.Clone()
	change(wanted)
	wanted.Normalize()
	if wanted.Email != old.Email && who.ID() == old.ID {
		if err := a.requireChangeOwnEmail(ctx, who, old, password); err != nil {
			return nil, err
		}
	}
	if wanted.Email != old.Email && a.mustVerifyAddress(old) {
		if err := a.requireAddressQuota(ctx, wanted.Email); err != nil {
			return nil, err
		}
	}
	may, err := a.core.AuthorityOver(ctx, who, old.ID)
	if err != nil {
		return nil, err
	}
	_, u, err := a.core.ChangeUser(ctx, old.ID, may, func(tx *store.Tx, u *muster.User) error {
		before := u.Clone()
		change(u)
		if err := a.checkEdit(before, u); err != nil {
			return err
		}
		if void != "" {
			if err := tx.VoidLinks(ctx, u.ID, void); err != nil {
				return err
			}
		}
		mails := a.addressNotices(who, before, u)
		if u.Email != before.Email && a.mustVerifyAddress(before) {
			asked := u.Email // waits to be verified
			u.Email, u.EmailVerified = before.Email, before.EmailVerified
			mails = []*store.Mail{a.askNewAddress(u, asked)}
		}
		if err := tx.Enqueue(ctx, mails...); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, "user_id="+u.ID))
	})
	if err != nil {
		return nil, err
	}
	return u.Sanitized(muster.Visibility{Self: true}), nil
}

// checkEdit holds the rules between the account before and after an edit.
func (a *Accounts) checkEdit(before, u *muster.User) error {
	u.Normalize()
	if len(u.NotifyProps) == 0 {
		u.NotifyProps = muster.DefaultNotifyProps()
	}
	if before.IsSSO() && (u.Username != before.Username || u.Email != before.Email || u.FirstName != before.FirstName || u.LastName != before.LastName) {
		return muster.E(muster.Conflict, "api.user.patch_user.login_provider_attribute_set.app_error")
	}
	u.UpdateAt = a.core.Now()
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

func (a *Accounts) checkEmailDomain(u *muster.User) error {
	c := a.core.Config()
	switch {
	case !muster.ValidEmail(u.Email):
		return nil // validate names the field
	case u.IsGuest() && !core.InDomains(u.Email, c.GuestAccountsSettings.RestrictCreationToDomains):
		return muster.E(muster.Invalid, "api.user.update_user.accepted_guest_domain.app_error").On("email")
	case !u.IsGuest() && !core.InDomains(u.Email, c.TeamSettings.RestrictCreationToDomains):
		return muster.E(muster.Invalid, "api.user.update_user.accepted_domain.app_error").On("email")
	}
	return nil
}

// validate is the domain's Validate and what needs more than the standard library to know.
func (a *Accounts) validate(u *muster.User) error {
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

// requireChangeOwnEmail takes the password with the request, as the reference server does. Where signing in takes a code besides, the password alone is not
// enough: the session must be fresh.
func (a *Accounts) requireChangeOwnEmail(ctx context.Context, who *core.Caller, u *muster.User, password string) error {
	if who.Session.OfAccessToken() {
		return auth.ErrNotByAccessToken
	}
	if password != "" && a.auth.TakesCode(u) {
		if err := a.auth.RequireFresh(who); err != nil {
			return err
		}
	}
	return a.auth.ProveOwner(ctx, who, u, password)
}
