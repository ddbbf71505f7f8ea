package accounts

import (
	"context"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// CreateBot makes a bot that the caller owns. Kinds: Invalid, Forbidden.
func (a *Accounts) CreateBot(ctx context.Context, who *core.Caller, in *muster.Bot) (*muster.Bot, error) {
	if err := a.core.RequireSystem(ctx, who, muster.PermCreateBot); err != nil {
		return nil, err
	}
	if !a.core.Config().ServiceSettings.EnableBotAccountCreation {
		return nil, muster.E(muster.Forbidden, "api.bot.create_disabled")
	}
	if who.User != nil && who.User.IsBot {
		return nil, muster.E(muster.Forbidden, "api.context.permissions.app_error", "Permission", string(muster.PermCreateBot))
	}
	b := &muster.Bot{Username: muster.NormalizeName(in.Username), DisplayName: in.DisplayName, Description: in.Description}
	if err := b.Validate(); err != nil {
		return nil, err
	}
	u := &muster.User{Username: b.Username, Email: muster.BotEmail(b.Username), FirstName: b.DisplayName}
	a.prepareNew(u, false)
	u.IsBot, u.BotDescription = true, b.Description
	if err := a.validate(u); err != nil {
		return nil, err
	}
	au, err := a.core.Authority(ctx, who)
	if err != nil {
		return nil, err
	}
	if err := au.Grant(u.Roles, ""); err != nil {
		return nil, err
	}
	owner := who.ID()
	if owner == "" {
		owner = u.ID // made over the local socket: nobody else's
	}
	bot, err := a.store.CreateBot(ctx, u, owner, a.core.AuditSelf(who, "user_id="+u.ID))
	if err != nil {
		return nil, err
	}
	a.core.Publish(muster.EventNewUser, map[string]any{"user_id": u.ID}, muster.Audience{About: u.ID})
	return bot, nil
}

// Bot gives a bot to its owner and to who may read others'. Whom it is not for, for them it is not there: kind NotFound.
func (a *Accounts) Bot(ctx context.Context, who *core.Caller, id string, deleted bool) (*muster.Bot, error) {
	b, err := a.store.Bot(ctx, id)
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, core.NoBot)
	}
	reads, err := a.core.CanReadBot(ctx, who, b)
	if err != nil {
		return nil, err
	}
	if !reads || b.DeleteAt != 0 && !deleted {
		return nil, muster.E(muster.NotFound, core.NoBot)
	}
	return b, nil
}

// BotQuery is the parameters of the list of bots.
type BotQuery struct {
	IncludeDeleted, OnlyOrphaned bool
	Page                         core.Page
}

// Bots gives a page of the bots that the caller may read: its own or everybody's.
func (a *Accounts) Bots(ctx context.Context, who *core.Caller, q BotQuery) ([]*muster.Bot, error) {
	f := store.BotFilter{IncludeDeleted: q.IncludeDeleted, OnlyOrphaned: q.OnlyOrphaned}
	others, err := a.core.CanSystem(ctx, who, muster.PermReadOthersBots)
	if err != nil {
		return nil, err
	}
	if !others {
		if err := a.core.RequireSystem(ctx, who, muster.PermReadBots); err != nil {
			return nil, err
		}
		f.OwnerID = who.ID()
	}
	return a.store.Bots(ctx, f, q.Page.Offset(), q.Page.PerPage)
}

// PatchBot changes a bot's name and description. Kinds: Invalid, Forbidden, NotFound.
func (a *Accounts) PatchBot(ctx context.Context, who *core.Caller, id string, p *muster.BotPatch) (*muster.Bot, error) {
	return a.changeBot(ctx, who, id, func(b *muster.Bot, u *muster.User) error {
		b.Apply(p)
		if err := b.Validate(); err != nil {
			return err
		}
		if b.Username != u.Username {
			if u.Email == muster.BotEmail(u.Username) {
				u.Email = muster.BotEmail(b.Username)
			}
			u.Username = b.Username
		}
		if p.DisplayName != nil {
			u.FirstName = b.DisplayName
		}
		u.BotDescription = b.Description
		u.UpdateAt = a.core.Now()
		return a.validate(u)
	})
}

// SetBotActive enables a bot, or disables it: its tokens stop at once.
func (a *Accounts) SetBotActive(ctx context.Context, who *core.Caller, id string, active bool) (*muster.Bot, error) {
	return a.changeBot(ctx, who, id, func(_ *muster.Bot, u *muster.User) error {
		u.DeleteAt = 0
		if !active {
			u.DeleteAt = a.core.Now()
		}
		return nil
	})
}

// AssignBot gives a bot to another owner, a person who is active. Kinds: Invalid, Forbidden, NotFound.
func (a *Accounts) AssignBot(ctx context.Context, who *core.Caller, id, ownerID string) (*muster.Bot, error) {
	if err := a.core.RequireSystem(ctx, who, muster.PermAssignBot); err != nil {
		return nil, err
	}
	owner, err := a.core.User(ctx, ownerID)
	if err != nil {
		return nil, err
	}
	if owner.IsBot || owner.DeleteAt != 0 {
		return nil, muster.InvalidURLParam("user_id")
	}
	if err := a.core.RequireActOn(ctx, who, owner); err != nil {
		return nil, err
	}
	return a.changeBot(ctx, who, id, func(b *muster.Bot, _ *muster.User) error {
		b.OwnerID = ownerID
		return nil
	})
}

func (a *Accounts) changeBot(ctx context.Context, who *core.Caller, id string, change func(*muster.Bot, *muster.User) error) (*muster.Bot, error) {
	if _, err := a.core.BotToManage(ctx, who, id); err != nil {
		return nil, err
	}
	guard, err := a.core.Guard(ctx, who, id)
	if err != nil {
		return nil, err
	}
	bot, u, err := a.store.UpdateBot(ctx, id, guard, change, a.core.AuditSelf(who, "bot_id="+id))
	a.core.Cache.Forget(id)
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, core.NoBot)
	}
	a.core.PublishUserUpdated(u)
	return bot, nil
}

// ConvertUserToBot turns a person's account into a bot; needs manage_system. Its sessions end, its second factor goes; its access tokens and
// roles stay. The last administrator can't become one. Kinds: Invalid, Forbidden, NotFound.
func (a *Accounts) ConvertUserToBot(ctx context.Context, who *core.Caller, userID string) (*muster.Bot, error) {
	if err := a.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	if err := a.auth.RequireFreshFor(who, userID); err != nil { // it gives up one's own second factor
		return nil, err
	}
	bot, u, err := a.store.BecomeBot(ctx, userID, userID, func(u *muster.User) error {
		if u.IsBot {
			return muster.E(muster.Invalid, "api.bot.convert_to_bot.already_bot.app_error")
		}
		u.IsBot, u.MfaActive, u.MfaSecret, u.AuthService, u.AuthData = true, false, "", "", nil
		return nil
	}, a.core.AuditSelf(who, "user_id="+userID))
	a.core.Cache.Forget(userID)
	if err != nil {
		return nil, core.MissingAccount(err)
	}
	a.core.PublishUserUpdated(u)
	if bot.DisplayName == "" {
		bot.DisplayName = bot.Username // in this answer alone (recorded)
	}
	return bot, nil
}

// ConvertBotToUser turns a bot into a person's account with a password of its own; needs manage_system. Its sessions end and its access tokens
// are revoked: who held them must not sign in as a person. It takes a fresh session: it hands out a credential, perhaps an administrator's.
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
	var asBot muster.User
	u, err := a.store.BecomeUser(ctx, botID, func(u *muster.User) error {
		before := u.Clone()
		u.Apply(p)
		u.Password, u.FailedAttempts = hash, 0
		u.LastPasswordUpdate = a.core.Now()
		if admin {
			u.Roles = muster.RoleSystemAdmin + " " + muster.RoleSystemUser
		}
		if err := a.checkEdit(before, u); err != nil {
			return err
		}
		asBot = *u
		u.IsBot, u.BotDescription = false, ""
		return nil
	}, a.core.AuditSelf(who, "bot_id="+botID))
	a.core.Cache.Forget(botID)
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, core.NoBot)
	}
	a.core.PublishUserUpdated(u)
	asBot.UpdateAt = u.UpdateAt
	return asBot.Sanitized(muster.Visibility{Self: true}), nil // still called a bot in this answer (recorded)
}
