package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"muster"
)

const userColumns = `u.id, u.create_at, u.update_at, u.delete_at, u.username, u.email, u.email_verified, u.password, u.auth_service, u.auth_data,
	u.nickname, u.first_name, u.last_name, u.position, u.roles, u.allow_marketing, u.props, u.notify_props, u.timezone, u.locale,
	u.last_password_update, u.last_picture_update, u.failed_attempts, u.mfa_active, u.mfa_secret, u.remote_id, u.is_bot, u.bot_description, u.last_login,
	u.terms_of_service_id, u.terms_of_service_create_at`

func scanUser(r scanner) (*muster.User, error) {
	u := &muster.User{}
	var props, notify, timezone jsonMap
	err := r.Scan(&u.ID, &u.CreateAt, &u.UpdateAt, &u.DeleteAt, &u.Username, &u.Email, &u.EmailVerified, &u.Password, &u.AuthService, &u.AuthData,
		&u.Nickname, &u.FirstName, &u.LastName, &u.Position, &u.Roles, &u.AllowMarketing, &props, &notify, &timezone, &u.Locale,
		&u.LastPasswordUpdate, &u.LastPictureUpdate, &u.FailedAttempts, &u.MfaActive, &u.MfaSecret, &u.RemoteID, &u.IsBot, &u.BotDescription, &u.LastLogin,
		&u.TermsOfServiceID, &u.TermsOfServiceCreateAt)
	if err != nil {
		return nil, noRow(err)
	}
	u.Props, u.NotifyProps, u.Timezone = props, notify, timezone
	return u, nil
}

// jsonMap keeps a map as JSON text, and a nil map as NULL.
type jsonMap map[string]string

// Scan implements sql.Scanner.
func (m *jsonMap) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*m = nil
		return nil
	case string:
		return json.Unmarshal([]byte(v), m)
	case []byte:
		return json.Unmarshal(v, m)
	}
	return fmt.Errorf("a map kept as %T", v)
}

// value is what the database keeps.
func (m jsonMap) value() any {
	if m == nil {
		return nil
	}
	b, _ := json.Marshal(m) // a map of strings always encodes
	return string(b)
}

// isActiveAdmin tells whether the account keeps the server administrable: a bot can't sign in.
func isActiveAdmin(u *muster.User) bool {
	return u.DeleteAt == 0 && !u.IsBot && u.HasRole(muster.RoleSystemAdmin)
}

// userValues are the changeable columns of userSets, in its order.
func userValues(u *muster.User) []any {
	return []any{
		u.UpdateAt, u.DeleteAt, u.Username, u.Email, u.EmailVerified, u.Password, u.AuthService, u.AuthData,
		u.Nickname, u.FirstName, u.LastName, u.Position, u.Roles, isActiveAdmin(u), u.AllowMarketing,
		jsonMap(u.Props).value(), jsonMap(u.NotifyProps).value(), jsonMap(u.Timezone).value(), u.Locale,
		u.LastPasswordUpdate, u.LastPictureUpdate, u.FailedAttempts, u.MfaActive, u.MfaSecret, u.RemoteID, u.IsBot, u.BotDescription, u.LastLogin,
		u.TermsOfServiceID, u.TermsOfServiceCreateAt,
	}
}

var userSets = []string{
	"update_at", "delete_at", "username", "email", "email_verified", "password", "auth_service", "auth_data",
	"nickname", "first_name", "last_name", "position", "roles", "is_admin", "allow_marketing",
	"props", "notify_props", "timezone", "locale",
	"last_password_update", "last_picture_update", "failed_attempts", "mfa_active", "mfa_secret", "remote_id", "is_bot", "bot_description", "last_login",
	"terms_of_service_id", "terms_of_service_create_at",
}

var (
	insertUser = "INSERT INTO users (id, create_at, " + strings.Join(userSets, ", ") + ") VALUES (" + marks(2+len(userSets)) + ") ON CONFLICT DO NOTHING"
	updateUser = "UPDATE users SET " + strings.Join(userSets, " = ?, ") + " = ? WHERE id = ?"
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

	Post func(created *muster.User) Post // what the new account is mailed; nil for nothing
}

// CreateUser inserts an account with its search terms and its first team. The very first account becomes
// system_admin: the mark that decides it is a unique row, so two nodes can't both win.
// The errors are of kind Invalid with an id app.user.save.* or as JoinTeam's, or Forbidden when it had to be the first and is not.
func (s *Store) CreateUser(ctx context.Context, u *muster.User, o CreateUserOptions, audits ...*muster.Audit) (*muster.User, error) {
	created := u.Clone()
	err := s.write(ctx, func(t *tx) error {
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
		if err := t.useMailToken(ctx, o.UseLink); err != nil {
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
			if err := t.joinTeam(ctx, o.Join, o.JoinChannels); err != nil {
				return err
			}
			if err := t.joinChannels(ctx, created, o.Join.TeamID, o.ChannelIDs); err != nil {
				return err
			}
			if err := t.refuseCrowd(ctx, o.Join.TeamID, o.TeamLimit); err != nil {
				return err
			}
		}
		if o.Post != nil {
			if err := t.savePost(ctx, o.Post(created)); err != nil {
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

func (t *tx) claimFirst(ctx context.Context) (bool, error) {
	n, err := t.exec(ctx, `INSERT INTO system (name, value) VALUES (?, '') ON CONFLICT DO NOTHING`, firstUser)
	return n == 1, err
}

func (t *tx) insertUser(ctx context.Context, u *muster.User) error {
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
	return s.write(ctx, func(t *tx) error {
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
func (t *tx) clash(ctx context.Context, u *muster.User, self string) error {
	for _, c := range []struct {
		where, id string
		args      []any
	}{
		{"id = ?", "app.user.save.existing.app_error", []any{u.ID}},
		{"username = ?", "app.user.save.username_exists.app_error", []any{u.Username}},
		{"email = ?", "app.user.save.email_exists.app_error", []any{u.Email}},
		{"auth_service = ? AND auth_data = ?", "app.user.save.existing.app_error", []any{u.AuthService, u.AuthDataValue()}},
	} {
		id, err := scanString(t.queryRow(ctx, "SELECT id FROM users WHERE "+c.where, c.args...))
		if err == nil && id != self {
			return muster.E(muster.Invalid, c.id)
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return nil
}

// UserUpdate is a change of one account and what goes with it, in one transaction.
type UserUpdate struct {
	Apply        func(u *muster.User) error // changes the freshly read row; its error undoes everything
	EndSessions  bool                       // all the account's sessions but KeepSession
	KeepSession  string                     // id of a session that lives on
	SyncSessions bool                       // the account's sessions carry its roles from now on
	VoidLinks    bool                       // mailed links of the account are void from now on
	VoidLink     string                     // so are those of this purpose, "" for none
	UseLink      []byte                     // SHA-256 of the mailed token that allows the change; ErrNotFound when it was used
	DisableBots  func(ids []string)         // deactivates the account's bots, if set, and is told which

	Post func(before, after *muster.User) Post // what the change mails; nil for nothing
}

// UpdateUser changes an account and gives it as it was and as it is. The last active administrator can't stop
// being one: app.user.update.lastAdmin.app_error. Taken names are refused as in CreateUser.
func (s *Store) UpdateUser(ctx context.Context, id string, up UserUpdate, audits ...*muster.Audit) (before, after *muster.User, err error) {
	err = s.write(ctx, func(t *tx) error {
		if err := t.lockAdmins(ctx, id); err != nil {
			return err
		}
		if before, err = t.user(ctx, id); err != nil {
			return err
		}
		after = before.Clone()
		if err := up.Apply(after); err != nil {
			return err
		}
		if err := t.saveUser(ctx, before, after); err != nil {
			return err
		}
		if err := t.useMailToken(ctx, up.UseLink); err != nil {
			return err
		}
		if up.EndSessions {
			if err := t.endSessions(ctx, id, up.KeepSession); err != nil {
				return err
			}
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
		if up.DisableBots != nil {
			bots, err := t.disableBots(ctx, id)
			if err != nil {
				return err
			}
			up.DisableBots(bots)
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

func (t *tx) user(ctx context.Context, id string) (*muster.User, error) {
	return scanUser(t.queryRow(ctx, "SELECT "+userColumns+" FROM users u WHERE u.id = ?"+t.s.dialect.forUpdate(), id))
}

// lockAdmins makes changes of administrators wait for each other, in one order, so that two can't both take
// themselves for not the last. Accounts that are no administrators wait for nobody.
func (t *tx) lockAdmins(ctx context.Context, id string) error {
	lock := t.s.dialect.forUpdate()
	if lock == "" {
		return nil
	}
	rows, err := t.query(ctx, "SELECT id FROM users WHERE is_admin AND EXISTS (SELECT 1 FROM users a WHERE a.id = ? AND a.is_admin) ORDER BY id"+lock, id)
	_, err = collect(rows, err, scanString)
	return err
}

func (t *tx) saveUser(ctx context.Context, before, after *muster.User) error {
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
	if _, err := t.exec(ctx, updateUser, append(userValues(after), after.ID)...); err != nil {
		return fmt.Errorf("update user: %w", err)
	}
	if renamed || before.Nickname != after.Nickname || before.FirstName != after.FirstName || before.LastName != after.LastName {
		return t.saveTerms(ctx, after)
	}
	return nil
}

func (t *tx) refuseLastAdmin(ctx context.Context, id string) error {
	var others int
	if err := t.queryRow(ctx, "SELECT count(*) FROM users WHERE is_admin AND id <> ?", id).Scan(&others); err != nil {
		return fmt.Errorf("count administrators: %w", err)
	}
	if others == 0 {
		return muster.E(muster.Invalid, "app.user.update.lastAdmin.app_error")
	}
	return nil
}

// DeleteUser removes an account and everything that hangs on it, and may disable its bots; it gives their ids. The last active administrator stays.
func (s *Store) DeleteUser(ctx context.Context, id string, disableBots bool, audits ...*muster.Audit) (bots []string, err error) {
	err = s.write(ctx, func(t *tx) error {
		if err := t.lockAdmins(ctx, id); err != nil {
			return err
		}
		u, err := t.user(ctx, id)
		if err != nil {
			return err
		}
		if isActiveAdmin(u) {
			if err := t.refuseLastAdmin(ctx, id); err != nil {
				return err
			}
		}
		if disableBots {
			if bots, err = t.disableBots(ctx, id); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, "DELETE FROM users WHERE id = ?", id); err != nil {
			return fmt.Errorf("delete user: %w", err)
		}
		if _, err := t.exec(ctx, "DELETE FROM audits WHERE user_id = ?", id); err != nil {
			return fmt.Errorf("delete audits: %w", err)
		}
		return t.saveAudits(ctx, audits)
	})
	return bots, err
}

// DeleteAllUsers removes every account and all that hangs on them, in one transaction; the next account is the first again.
// Direct and group channels go, since nobody is in them; teams, other channels and groups stay, without members.
func (s *Store) DeleteAllUsers(ctx context.Context, audits ...*muster.Audit) error {
	return s.write(ctx, func(t *tx) error {
		for _, statement := range []string{
			s.dialect.unhurried(), s.dialect.lockAccounts(), "DELETE FROM users", "DELETE FROM audits", "DELETE FROM channels WHERE team_id IS NULL", "DELETE FROM outbox", "DELETE FROM link_requests",
			"DELETE FROM mail_tokens WHERE purpose <> '" + muster.TokenCWS + "'",
		} {
			if statement == "" {
				continue
			}
			if _, err := t.exec(ctx, statement); err != nil {
				return fmt.Errorf("delete all users: %w", err)
			}
		}
		if _, err := t.exec(ctx, "DELETE FROM system WHERE name = ?", firstUser); err != nil {
			return fmt.Errorf("forget the first account: %w", err)
		}
		return t.saveAudits(ctx, audits)
	})
}

// Pictures gives the accounts that have a picture of their own, by id and picture alone.
func (s *Store) Pictures(ctx context.Context) ([]*muster.User, error) {
	rows, err := s.query(ctx, "SELECT id, last_picture_update FROM users WHERE last_picture_update > 0")
	return collect(rows, err, func(r scanner) (*muster.User, error) {
		u := &muster.User{}
		return u, r.Scan(&u.ID, &u.LastPictureUpdate)
	})
}

// User reads an account by id.
func (s *Store) User(ctx context.Context, id string) (*muster.User, error) {
	return s.userWhere(ctx, "u.id = ?", id)
}

// UserByUsername reads an account by its folded username.
func (s *Store) UserByUsername(ctx context.Context, name string) (*muster.User, error) {
	return s.userWhere(ctx, "u.username = ?", name)
}

// UserByEmail reads an account by its folded address.
func (s *Store) UserByEmail(ctx context.Context, email string) (*muster.User, error) {
	return s.userWhere(ctx, "u.email = ?", email)
}

// UserForLogin reads an account by what somebody types to sign in, folded. A username wins over an address.
func (s *Store) UserForLogin(ctx context.Context, loginID string, byUsername, byEmail bool) (*muster.User, error) {
	err := ErrNotFound
	if byUsername {
		var u *muster.User
		if u, err = s.UserByUsername(ctx, loginID); err == nil || !errors.Is(err, ErrNotFound) {
			return u, err
		}
	}
	if byEmail {
		return s.UserByEmail(ctx, loginID)
	}
	return nil, err
}

func (s *Store) userWhere(ctx context.Context, where, arg string) (*muster.User, error) {
	return scanUser(s.queryRow(ctx, "SELECT "+userColumns+" FROM users u WHERE "+where, arg))
}

// Empty tells whether no account was ever made here.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	var n int
	err := s.queryRow(ctx, "SELECT count(*) FROM system WHERE name = ?", firstUser).Scan(&n)
	return n == 0, err
}

// RecordFailedLogin counts a wrong password against the account.
func (s *Store) RecordFailedLogin(ctx context.Context, id string, audits ...*muster.Audit) error {
	return s.write(ctx, func(t *tx) error {
		if err := changed(t.exec(ctx, "UPDATE users SET failed_attempts = failed_attempts + 1 WHERE id = ?", id)); err != nil {
			return err
		}
		return t.saveAudits(ctx, audits)
	})
}

// RecordStranger writes as much as RecordFailedLogin does, for a name that nobody has: the time that a refused
// sign-in takes must not tell the two apart.
func (s *Store) RecordStranger(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "INSERT INTO system (name, value) VALUES ('last_stranger', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
			strconv.FormatInt(t.now, 10))
		return err
	})
}
