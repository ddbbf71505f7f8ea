package client

import (
	"context"
	"net/http"
	"net/url"
)

// PromoteGuest makes a guest a full member.
func (c *Client) PromoteGuest(ctx context.Context, userID string) error {
	return act(ctx, c, http.MethodPost, route("users", userID, "promote"), nil)
}

// DemoteToGuest makes a member a guest.
func (c *Client) DemoteToGuest(ctx context.Context, userID string) error {
	return act(ctx, c, http.MethodPost, route("users", userID, "demote"), nil)
}

// InviteResult is the result of an invitation for one address.
type InviteResult struct {
	Email string `json:"email"`
	Error *Error `json:"error"` // nil if the invitation will be sent
}

// InviteToTeam sends people a link with which they can sign up and join a team. If one address can't be invited, nobody is. With graceful
// the others are invited, and InviteToTeam returns the result for each address.
func (c *Client) InviteToTeam(ctx context.Context, teamID string, emails []string, graceful bool) ([]*InviteResult, error) {
	return c.invite(ctx, route("teams", teamID, "invite", "email"), emails, graceful)
}

// GuestInvitation invites people to channels of a team as guests.
type GuestInvitation struct {
	Emails   []string `json:"emails"`
	Channels []string `json:"channels"` // ids
	Message  string   `json:"message"`  // a personal note in the mail
}

// InviteGuests sends people a link with which they can sign up as guests. See InviteToTeam for graceful and the results.
func (c *Client) InviteGuests(ctx context.Context, teamID string, in GuestInvitation, graceful bool) ([]*InviteResult, error) {
	return c.invite(ctx, route("teams", teamID, "invite-guests", "email"), in, graceful)
}

func (c *Client) invite(ctx context.Context, path string, body any, graceful bool) ([]*InviteResult, error) {
	if !graceful {
		return nil, act(ctx, c, http.MethodPost, path, body)
	}
	return send[[]*InviteResult](ctx, c, http.MethodPost, path, url.Values{"graceful": {"true"}}, body)
}
