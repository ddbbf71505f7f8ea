package accounts

import (
	"context"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// CreateBot creates a bot that the caller owns. Kinds: Invalid, Forbidden.
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
		owner = u.ID // created over the local socket, it belongs to nobody else
	}
	var bot *muster.Bot
	err = a.store.WriteGrowing(ctx, func(tx *store.Tx) (err error) {
		if err := tx.InsertUser(ctx, u); err != nil {
			return err
		}
		if bot, err = tx.InsertBot(ctx, u.ID, owner); err != nil {
			return err
		}
		publishNewUser(tx, u.ID)
		return tx.Audit(ctx, a.core.AuditSelf(who, "user_id="+u.ID))
	})
	if err != nil {
		return nil, err
	}
	return bot, nil
}

// Bot returns a bot that the caller owns or may read as others' bots; kind NotFound for any other caller, too.
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

// BotQuery holds the parameters of the list of bots.
type BotQuery struct {
	IncludeDeleted, OnlyOrphaned bool
	Page                         core.Page
}

// Bots returns a page of the bots that the caller may read: its own or everybody's.
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
	return a.changeBot(ctx, who, id, func(_ *store.Tx, b *muster.Bot, u *muster.User) error {
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
		return a.validate(u)
	})
}

// SetBotActive enables a bot, or disables it: its tokens stop at once.
func (a *Accounts) SetBotActive(ctx context.Context, who *core.Caller, id string, active bool) (*muster.Bot, error) {
	return a.changeBot(ctx, who, id, func(tx *store.Tx, _ *muster.Bot, u *muster.User) error {
		if active {
			u.DeleteAt = 0
			return nil
		}
		u.DeleteAt = tx.Now()
		return tx.EndSessions(ctx, id, "")
	})
}

// AssignBot makes another account the owner of a bot: an active person who is not above the caller. Kinds: Invalid, Forbidden, NotFound.
func (a *Accounts) AssignBot(ctx context.Context, who *core.Caller, id, ownerID string) (*muster.Bot, error) {
	if err := a.core.RequireSystem(ctx, who, muster.PermAssignBot); err != nil {
		return nil, err
	}
	owner, err := a.core.User(ctx, ownerID)
	if err != nil {
		return nil, err
	}
	if err := requireBotOwner(owner); err != nil {
		return nil, err
	}
	if err := a.core.RequireActOn(ctx, who, owner); err != nil {
		return nil, err
	}
	may, err := a.core.AuthorityOver(ctx, who, ownerID)
	if err != nil {
		return nil, err
	}
	return a.changeBot(ctx, who, id, func(tx *store.Tx, b *muster.Bot, _ *muster.User) error {
		if b.OwnerID == ownerID {
			return nil
		}
		b.OwnerID = ownerID
		owner, err := tx.LockUser(ctx, ownerID)
		if err != nil {
			return core.MissingAccount(err)
		}
		if err := requireBotOwner(owner); err != nil {
			return err
		}
		return may.RequireActOn(ctx, tx, owner)
	})
}

// requireBotOwner refuses an account that no bot can be given to.
func requireBotOwner(u *muster.User) error {
	if u.IsBot || u.DeleteAt != 0 {
		return muster.InvalidURLParam("user_id")
	}
	return nil
}

// changeBot locks a bot that the caller may manage, has change alter it with its account, and saves both in one transaction. Kinds: Forbidden, NotFound,
// and change's.
func (a *Accounts) changeBot(ctx context.Context, who *core.Caller, id string, change func(*store.Tx, *muster.Bot, *muster.User) error) (*muster.Bot, error) {
	if err := a.core.RequireManageBot(ctx, who, id); err != nil {
		return nil, err
	}
	may, err := a.core.AuthorityOver(ctx, who, id)
	if err != nil {
		return nil, err
	}
	var bot *muster.Bot
	_, _, err = a.core.ChangeUser(ctx, id, may, func(tx *store.Tx, u *muster.User) error {
		b, err := tx.Bot(ctx, id)
		if err != nil {
			return core.Missing(err, muster.NotFound, core.NoBot)
		}
		u.UpdateAt, b.UpdateAt = tx.Now(), tx.Now()
		if err := change(tx, b, u); err != nil {
			return err
		}
		b.DeleteAt, bot = u.DeleteAt, b
		if err := tx.SaveBot(ctx, b); err != nil {
			return err
		}
		return tx.Audit(ctx, a.core.AuditSelf(who, "bot_id="+id))
	})
	if muster.HasID(err, core.NoAccount) {
		return nil, muster.E(muster.NotFound, core.NoBot, err)
	}
	if err != nil {
		return nil, err
	}
	return bot, nil
}
