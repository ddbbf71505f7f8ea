package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// isActiveAdmin reports whether the account can administer the server: a bot can't sign in.
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
	insertUser = "INSERT INTO users (id, create_at, " + strings.Join(userSets, ", ") + ") VALUES (" + placeholders(2+len(userSets)) + ") ON CONFLICT DO NOTHING"
	updateUser = "UPDATE users SET " + strings.Join(userSets, " = ?, ") + " = ? WHERE id = ?"
)

// Pictures returns the accounts that have a picture of their own, by id and picture alone.
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

// Empty reports whether no account was ever created.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	var n int
	err := s.queryRow(ctx, "SELECT count(*) FROM system WHERE name = ?", firstUser).Scan(&n)
	return n == 0, err
}
