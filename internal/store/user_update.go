package store

import (
	"context"
	"fmt"

	"muster"
)

// UserUpdate is a change of one account and what goes with it, in one transaction.
type UserUpdate struct {
	Guard        Guard                         // whether the caller may change the account
	Apply        func(u *muster.User) error    // changes the freshly read row; its error undoes everything
	EndSessions  bool                          // all the account's sessions but KeepSession
	KeepSession  string                        // id of a session that lives on
	SyncSessions bool                          // the account's sessions carry its roles from now on
	VoidLinks    bool                          // mailed links of the account are void from now on
	VoidLink     string                        // so are those of this purpose, "" for none
	NewScheme    *PasswordScheme               // what the new password was hashed with elsewhere; nil for a hash of our own
	UseLink      []byte                        // SHA-256 of the mailed token that allows the change; ErrNotFound when it was used
	RenewInvites bool                          // the invite links that the account has seen are void from now on
	DisableBots  func(ids []string)            // deactivates the account's bots, if set, and is told which
	RevokeTokens func(n int64)                 // revokes the account's access tokens, if set, and is told how many there were
	Unlock       func(u *muster.User) [][]byte // forgets the attempts on the account, by their subjects; nil to remember them
	Network      *KnownNetwork                 // that the account knows from now on, nil for none

	Post func(before, after *muster.User) Post // what the change mails; nil for nothing
}

// UpdateUser changes an account and gives it as it was and as it is. The last active administrator can't stop
// being one: app.user.update.lastAdmin.app_error. Taken names are refused as in CreateUser.
func (s *Store) UpdateUser(ctx context.Context, id string, up UserUpdate, audits ...*muster.Audit) (before, after *muster.User, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		if err := t.lockAdmins(ctx, id); err != nil {
			return err
		}
		if before, err = t.user(ctx, id); err != nil {
			return err
		}
		if err := t.guardLocked(ctx, before, up.Guard); err != nil {
			return err
		}
		after = before.Clone()
		if err := up.Apply(after); err != nil {
			return err
		}
		if err := t.saveUser(ctx, before, after); err != nil {
			return err
		}
		if up.NewScheme != nil {
			if err := t.keepPasswordScheme(ctx, up.NewScheme); err != nil {
				return err
			}
		}
		if err := t.useMailToken(ctx, up.UseLink); err != nil {
			return err
		}
		if up.EndSessions {
			if err := t.endSessions(ctx, id, up.KeepSession); err != nil {
				return err
			}
		}
		if up.RevokeTokens != nil {
			n, err := t.revokeAccessTokens(ctx, id)
			if err != nil {
				return err
			}
			up.RevokeTokens(n)
		}
		if up.VoidLinks || before.Email != after.Email {
			if _, err := t.exec(ctx, "DELETE FROM mail_tokens WHERE user_id = ?", id); err != nil {
				return fmt.Errorf("void mailed links: %w", err)
			}
		}
		if up.VoidLink != "" {
			if err := t.voidLinks(ctx, id, up.VoidLink); err != nil {
				return err
			}
		}
		if up.RenewInvites {
			if err := t.renewInvites(ctx, id); err != nil {
				return err
			}
		}
		if up.DisableBots != nil {
			bots, err := t.disableBots(ctx, id)
			if err != nil {
				return err
			}
			up.DisableBots(bots)
		}
		if up.Unlock != nil {
			if err := t.forgetAttempts(ctx, up.Unlock(before)); err != nil {
				return err
			}
		}
		if err := t.keepNetwork(ctx, id, up.Network); err != nil {
			return err
		}
		if up.SyncSessions {
			if _, err := t.exec(ctx, "UPDATE sessions SET roles = ? WHERE user_id = ?", after.Roles, id); err != nil {
				return fmt.Errorf("set sessions' roles: %w", err)
			}
		}
		if up.Post != nil { // after the account's older links were made void
			if err := t.savePost(ctx, up.Post(before, after)); err != nil {
				return err
			}
		}
		return t.saveAudits(ctx, audits)
	})
	return before, after, err
}

// UserForUpdate reads an account by id and holds it as it is until the transaction's end; ErrNotFound. It makes changes of administrators wait for each
// other.
func (t *Tx) UserForUpdate(ctx context.Context, id string) (*muster.User, error) {
	if err := t.lockAdmins(ctx, id); err != nil {
		return nil, err
	}
	u, err := t.user(ctx, id)
	if err != nil {
		return nil, err
	}
	if t.locked == nil {
		t.locked = map[string]*muster.User{}
	}
	t.locked[id] = u.Clone()
	return u, nil
}

// SaveUser writes an account that UserForUpdate read, tells those who see it, and makes mailed links to a former address void. The last active
// administrator can't stop being one (app.user.update.lastAdmin.app_error); taken names are refused as for a new account.
func (t *Tx) SaveUser(ctx context.Context, u *muster.User) error {
	before, ok := t.locked[u.ID]
	if !ok {
		return fmt.Errorf("save user %s: not read for update", u.ID)
	}
	if err := t.saveUser(ctx, before, u); err != nil {
		return err
	}
	if before.Email != u.Email {
		if err := t.VoidLinks(ctx, u.ID); err != nil {
			return err
		}
	}
	t.locked[u.ID] = u.Clone()
	t.changes.Updated = append(t.changes.Updated, u.Clone())
	return nil
}

func (t *Tx) user(ctx context.Context, id string) (*muster.User, error) {
	return scanUser(t.queryRow(ctx, "SELECT "+userColumns+" FROM users u WHERE u.id = ?"+t.s.dialect.forUpdate(), id))
}

// lockAdmins makes changes of administrators wait for each other, in one order, so that two can't both take
// themselves for not the last. Accounts that are no administrators wait for nobody.
func (t *Tx) lockAdmins(ctx context.Context, id string) error {
	lock := t.s.dialect.forUpdate()
	if lock == "" {
		return nil
	}
	rows, err := t.query(ctx, "SELECT id FROM users WHERE is_admin AND EXISTS (SELECT 1 FROM users a WHERE a.id = ? AND a.is_admin) ORDER BY id"+lock, id)
	_, err = collect(rows, err, scanString)
	return err
}

func (t *Tx) saveUser(ctx context.Context, before, after *muster.User) error {
	if isActiveAdmin(before) && !isActiveAdmin(after) {
		if err := t.refuseLastAdmin(ctx, after.ID); err != nil {
			return err
		}
	}
	renamed := before.Username != after.Username || before.Email != after.Email ||
		before.AuthService != after.AuthService || before.AuthDataValue() != after.AuthDataValue()
	if renamed {
		if err := t.clash(ctx, after, after.ID); err != nil {
			return err
		}
	}
	t.accountChanged(after.ID)
	if _, err := t.exec(ctx, updateUser, append(userValues(after), after.ID)...); err != nil {
		return fmt.Errorf("update user: %w", err)
	}
	if renamed || before.Nickname != after.Nickname || before.FirstName != after.FirstName || before.LastName != after.LastName {
		return t.saveTerms(ctx, after)
	}
	return nil
}

func (t *Tx) refuseLastAdmin(ctx context.Context, id string) error {
	var others int
	if err := t.queryRow(ctx, "SELECT count(*) FROM users WHERE is_admin AND id <> ?", id).Scan(&others); err != nil {
		return fmt.Errorf("count administrators: %w", err)
	}
	if others == 0 {
		return muster.E(muster.Invalid, "app.user.update.lastAdmin.app_error")
	}
	return nil
}
