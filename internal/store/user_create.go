package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"muster"
)

// firstUser is the mark that an account was made; whoever inserts it is the administrator.
const firstUser = "first_user"

// CreateUserOptions say what else a new account comes with.
type CreateUserOptions struct {
	Join         *muster.TeamMember // a team that it belongs to from the start
	JoinChannels []string           // names of that team's channels that every new member is put in
	TeamLimit    int                // of that team's active members; 0: none
	ChannelIDs   []string           // channels of that team that an invited guest is put in
	MustBeFirst  bool               // refuse unless it is the server's first account
	UseLink      []byte             // SHA-256 of the mailed invitation; ErrNotFound when it was used

	Post func(created *muster.User) []*Mail // what the new account is mailed; nil for nothing
}

// CreateUser inserts an account with its search terms and its first team. The very first account becomes
// system_admin: the mark that decides it is a unique row, so two nodes can't both win.
// The errors are of kind Invalid with an id app.user.save.* or as JoinTeam's, or Forbidden when it had to be the first and is not.
func (s *Store) CreateUser(ctx context.Context, u *muster.User, o CreateUserOptions, audits ...*muster.Audit) (*muster.User, error) {
	created := u.Clone()
	err := s.WriteGrowing(ctx, func(t *Tx) error {
		created.Roles = u.Roles
		first, err := t.claimFirst(ctx)
		if err != nil {
			return err
		}
		if first {
			created.Roles = muster.RoleSystemAdmin + " " + muster.RoleSystemUser
		} else if o.MustBeFirst {
			return muster.E(muster.Forbidden, "api.user.create_user.no_open_server")
		}
		if err := t.UseLink(ctx, o.UseLink); err != nil {
			return err
		}
		if o.Join != nil {
			if err := t.lockTeam(ctx, o.Join.TeamID); err != nil {
				return err
			}
		}
		if err := t.insertUser(ctx, created); err != nil {
			return err
		}
		if o.Join != nil {
			if _, err := t.joinTeam(ctx, o.Join, guests{created.ID: created.IsGuest()}, o.JoinChannels); err != nil {
				return err
			}
			if err := t.joinChannels(ctx, created, o.Join.TeamID, o.ChannelIDs); err != nil {
				return err
			}
			if err := t.refuseOutsiders(ctx, muster.SyncableTeam, o.Join.TeamID, created.ID); err != nil {
				return err
			}
			if err := t.refuseCrowd(ctx, o.Join.TeamID, o.TeamLimit); err != nil {
				return err
			}
		}
		if o.Post != nil {
			if err := t.Enqueue(ctx, o.Post(created)...); err != nil {
				return err
			}
		}
		return t.saveAudits(ctx, audits)
	})
	if err != nil {
		return nil, err
	}
	return created, nil
}

func (t *Tx) claimFirst(ctx context.Context) (bool, error) {
	n, err := t.exec(ctx, `INSERT INTO system (name, value) VALUES (?, '') ON CONFLICT DO NOTHING`, firstUser)
	return n == 1, err
}

func (t *Tx) insertUser(ctx context.Context, u *muster.User) error {
	n, err := t.exec(ctx, insertUser, append([]any{u.ID, u.CreateAt}, userValues(u)...)...)
	if err != nil {
		return fmt.Errorf("insert user: %w", err)
	}
	if n == 0 {
		return t.clash(ctx, u, "")
	}
	return t.saveTerms(ctx, u)
}

// ImportUsers inserts many accounts as they are in one transaction: all of them or none. Errors as CreateUser's.
func (s *Store) ImportUsers(ctx context.Context, users []*muster.User) error {
	return s.WriteGrowing(ctx, func(t *Tx) error {
		if _, err := t.claimFirst(ctx); err != nil {
			return err
		}
		for _, u := range users {
			if err := t.insertUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
}

// clash names what another account already has. self is the id of the account that may have it.
func (t *Tx) clash(ctx context.Context, u *muster.User, self string) error {
	for _, c := range []struct {
		where, id, field string
		args             []any
	}{
		{"id = ?", "app.user.save.existing.app_error", "id", []any{u.ID}},
		{"username = ?", "app.user.save.username_exists.app_error", "username", []any{u.Username}},
		{"email = ?", "app.user.save.email_exists.app_error", "email", []any{u.Email}},
		{"auth_service = ? AND auth_data = ?", "app.user.save.existing.app_error", "auth_data", []any{u.AuthService, u.AuthDataValue()}},
	} {
		id, err := scanString(t.queryRow(ctx, "SELECT id FROM users WHERE "+c.where, c.args...))
		if err == nil && id != self {
			return muster.E(muster.Invalid, c.id).On(c.field)
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return nil
}
