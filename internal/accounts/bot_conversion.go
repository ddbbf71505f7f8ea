package accounts

import (
	"context"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// ConvertUserToBot makes a person's account a bot of its own; it needs manage_system. Its sessions end, its second factor is removed, and mailed links
// to it become void; its access tokens and roles stay. The last administrator can't become one. Kinds: Invalid, Forbidden, NotFound.
func (a *Accounts) ConvertUserToBot(ctx context.Context, who *core.Caller, userID string) (*muster.Bot, error) {
	if err := a.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	if err := a.auth.RequireFreshFor(who, userID); err != nil { // it gives up one's own second factor
		return nil, err
	}
	var bot *muster.Bot
	_, _, err := a.core.ChangeUser(ctx, userID, nil, func(tx *store.Tx, u *muster.User) (err error) {
		if u.IsBot {
			return muster.E(muster.Invalid, "api.bot.convert_to_bot.already_bot.app_error")
		}
		u.IsBot, u.MfaActive, u.MfaSecret, u.AuthService, u.AuthData = true, false, "", "", nil
		u.UpdateAt = tx.Now()
		if err := tx.EndSessions(ctx, userID, ""); err != nil {
			return err
		}
		if err := tx.VoidAllLinks(ctx, userID); err != nil {
			return err
		}
		if err := tx.DeleteRecoveryCodes(ctx, userID); err != nil {
			return err
		}
		if bot, err = tx.InsertBot(ctx, userID, userID); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, "user_id="+userID))
	})
	if err != nil {
		return nil, err
	}
	if bot.DisplayName == "" {
		bot.DisplayName = bot.Username // in this answer only (recorded)
	}
	return bot, nil
}

// ConvertBotToUser makes a bot a person's account with a password of its own; it needs manage_system. Its sessions end and its access tokens are
// revoked: their holders must not be signed in as a person. It requires a fresh session, since it hands out a credential, perhaps an administrator's.
// Kinds: Invalid, Forbidden, NotFound.
func (a *Accounts) ConvertBotToUser(ctx context.Context, who *core.Caller, botID string, p *muster.UserPatch, admin bool) (*muster.User, error) {
	if p.Password == nil || *p.Password == "" {
		return nil, muster.InvalidParam("userPatch")
	}
	if err := a.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	if err := a.auth.RequireFresh(who); err != nil {
		return nil, err
	}
	b, err := a.store.Bot(ctx, botID)
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, core.NoBot)
	}
	if err := a.auth.PasswordPolicy("password", *p.Password, &muster.User{Username: b.Username, FirstName: b.DisplayName}); err != nil {
		return nil, err
	}
	hash, err := a.auth.HashPassword(ctx, who, *p.Password)
	if err != nil {
		return nil, err
	}
	var asBot *muster.User
	_, _, err = a.core.ChangeUser(ctx, botID, nil, func(tx *store.Tx, u *muster.User) error {
		before := u.Clone()
		u.Apply(p)
		u.Password, u.FailedAttempts = hash, 0
		u.LastPasswordUpdate = tx.Now()
		if admin {
			u.Roles = muster.RoleSystemAdmin + " " + muster.RoleSystemUser
		}
		if err := a.checkEdit(before, u); err != nil {
			return err
		}
		u.UpdateAt = tx.Now()
		asBot = u.Clone()
		u.IsBot, u.BotDescription = false, ""
		if err := core.Missing(tx.DeleteBot(ctx, botID), muster.NotFound, core.NoBot); err != nil {
			return err
		}
		if err := tx.EndSessions(ctx, botID, ""); err != nil {
			return err
		}
		if _, err := tx.RevokeAccessTokens(ctx, botID); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, "bot_id="+botID))
	})
	if muster.HasID(err, core.NoAccount) {
		return nil, muster.E(muster.NotFound, core.NoBot, err)
	}
	if err != nil {
		return nil, err
	}
	return asBot.Sanitized(muster.Visibility{Self: true}), nil // still called a bot in this answer (recorded)
}
