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

// InviteResult tells of one address of an invitation whether it was refused.
type InviteResult struct {
	Email string `json:"email"`
	Error *Error `json:"error"` // nil for a mail that is on its way
}

// InviteToTeam mails people a link to make an account in a team with. An address that can't be invited refuses the whole; with
// graceful the others are invited, and the answer, which there is only then, tells of each.
func (c *Client) InviteToTeam(ctx context.Context, teamID string, emails []string, graceful bool) ([]*InviteResult, error) {
	return c.invite(ctx, route("teams", teamID, "invite", "email"), emails, graceful)
}

// GuestInvitation is whom to invite as guests, to which channels of a team (ids), with a few words for the mail.
type GuestInvitation struct {
	Emails   []string `json:"emails"`
	Channels []string `json:"channels"`
	Message  string   `json:"message"`
}

// InviteGuests mails people a link to make a guest's account with; graceful and the answer are as InviteToTeam's.
func (c *Client) InviteGuests(ctx context.Context, teamID string, in GuestInvitation, graceful bool) ([]*InviteResult, error) {
	return c.invite(ctx, route("teams", teamID, "invite-guests", "email"), in, graceful)
}

func (c *Client) invite(ctx context.Context, path string, body any, graceful bool) ([]*InviteResult, error) {
	if !graceful {
		return nil, act(ctx, c, http.MethodPost, path, body)
	}
	return send[[]*InviteResult](ctx, c, http.MethodPost, path, url.Values{"graceful": {"true"}}, body)
}
