package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"muster"
)

// Me stands for the caller's own account wherever a user id is expected.
const Me = "me"

// CreateUser creates an account; Username, Email and Password are required.
func (c *Client) CreateUser(ctx context.Context, u *muster.User) (*muster.User, error) {
	return send[*muster.User](ctx, c, http.MethodPost, "/users", nil, u)
}

// CreateUserWithInvite creates an account that joins the team with this invite id.
func (c *Client) CreateUserWithInvite(ctx context.Context, u *muster.User, inviteID string) (*muster.User, error) {
	return send[*muster.User](ctx, c, http.MethodPost, "/users", url.Values{"iid": {inviteID}}, u)
}

// CreateUserWithToken creates an account with the token of an invitation by email.
func (c *Client) CreateUserWithToken(ctx context.Context, u *muster.User, token string) (*muster.User, error) {
	return send[*muster.User](ctx, c, http.MethodPost, "/users", url.Values{"t": {token}}, u)
}

// User returns an account by its id.
func (c *Client) User(ctx context.Context, userID string, opts ...CallOption) (*muster.User, error) {
	return get[*muster.User](ctx, c, route("users", userID), nil, opts...)
}

// Me returns the caller's own account.
func (c *Client) Me(ctx context.Context, opts ...CallOption) (*muster.User, error) {
	return c.User(ctx, Me, opts...)
}

// UserByUsername returns an account by its username, in any letter case.
func (c *Client) UserByUsername(ctx context.Context, username string, opts ...CallOption) (*muster.User, error) {
	return get[*muster.User](ctx, c, route("users", "username", username), nil, opts...)
}

// UserByEmail returns an account by its email address, in any letter case.
func (c *Client) UserByEmail(ctx context.Context, email string, opts ...CallOption) (*muster.User, error) {
	return get[*muster.User](ctx, c, route("users", "email", email), nil, opts...)
}

// UpdateUser replaces the fields of the account u.ID by those of u.
func (c *Client) UpdateUser(ctx context.Context, u *muster.User) (*muster.User, error) {
	return send[*muster.User](ctx, c, http.MethodPut, route("users", u.ID), nil, u)
}

// PatchUser changes the fields that p sets.
func (c *Client) PatchUser(ctx context.Context, userID string, p *muster.UserPatch) (*muster.User, error) {
	return send[*muster.User](ctx, c, http.MethodPut, route("users", userID, "patch"), nil, p)
}

// UpdateUserActive activates or deactivates an account.
func (c *Client) UpdateUserActive(ctx context.Context, userID string, active bool) error {
	return act(ctx, c, http.MethodPut, route("users", userID, "active"), map[string]bool{"active": active})
}

// DeleteUser deactivates an account.
func (c *Client) DeleteUser(ctx context.Context, userID string) error {
	return act(ctx, c, http.MethodDelete, route("users", userID), nil)
}

// DeleteUserPermanently deletes an account and all its data.
func (c *Client) DeleteUserPermanently(ctx context.Context, userID string) error {
	_, err := send[struct{}](ctx, c, http.MethodDelete, route("users", userID), url.Values{"permanent": {"true"}}, nil)
	return err
}

// DeleteAllUsers deletes all accounts and their data. It works only over the local socket (WithSocket).
func (c *Client) DeleteAllUsers(ctx context.Context) error {
	return act(ctx, c, http.MethodDelete, "/users", nil)
}

// UpdateUserRoles sets an account's roles: their names, separated by spaces.
func (c *Client) UpdateUserRoles(ctx context.Context, userID, roles string) error {
	return act(ctx, c, http.MethodPut, route("users", userID, "roles"), map[string]string{"roles": roles})
}

// UpdateUserPassword sets a password; current is required for one's own and not looked at for another's.
func (c *Client) UpdateUserPassword(ctx context.Context, userID, current, password string) error {
	return c.setPassword(ctx, http.MethodPut, route("users", userID, "password"), passwordChange{Current: current, New: password})
}

// UpdateUserPasswordAndRevokeTokens is UpdateUserPassword, and also revokes the account's access tokens.
func (c *Client) UpdateUserPasswordAndRevokeTokens(ctx context.Context, userID, current, password string) error {
	return c.setPassword(ctx, http.MethodPut, route("users", userID, "password"), passwordChange{Current: current, New: password, RevokeTokens: true})
}

// UpdateUserPasswordHash sets another account's password to a hash from another server, a PHC or MCF string.
func (c *Client) UpdateUserPasswordHash(ctx context.Context, userID, hash string) error {
	return act(ctx, c, http.MethodPut, route("users", userID, "password"), passwordChange{New: hash, AlreadyHashed: true})
}

type passwordChange struct {
	Current       string `json:"current_password"`
	New           string `json:"new_password"`
	AlreadyHashed bool   `json:"already_hashed,omitempty"`
	RevokeTokens  bool   `json:"revoke_access_tokens,omitempty"`
}

// UserAudits returns a page of an account's audit log, latest first.
func (c *Client) UserAudits(ctx context.Context, userID string, page, perPage int) ([]*muster.Audit, error) {
	return get[[]*muster.Audit](ctx, c, route("users", userID, "audits"), pageQuery(page, perPage))
}

// AllUserAudits iterates over all pages of UserAudits.
func (c *Client) AllUserAudits(ctx context.Context, userID string) iter.Seq2[*muster.Audit, error] {
	return pages(func(page, perPage int) ([]*muster.Audit, error) { return c.UserAudits(ctx, userID, page, perPage) })
}
