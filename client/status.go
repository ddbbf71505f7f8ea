package client

import (
	"context"
	"net/http"

	"muster"
)

// Status gives whether a user is there.
func (c *Client) Status(ctx context.Context, userID string) (*muster.Status, error) {
	return get[*muster.Status](ctx, c, route("users", userID, "status"), nil)
}

// StatusesByIDs gives whether each of several users is there.
func (c *Client) StatusesByIDs(ctx context.Context, userIDs []string) ([]*muster.Status, error) {
	return send[[]*muster.Status](ctx, c, http.MethodPost, "/users/status/ids", nil, userIDs)
}

// UpdateStatus sets a user's status by hand; s.UserID says whose.
func (c *Client) UpdateStatus(ctx context.Context, s *muster.Status) (*muster.Status, error) {
	return send[*muster.Status](ctx, c, http.MethodPut, route("users", s.UserID, "status"), nil, s)
}

// Preferences gives all preferences of a user.
func (c *Client) Preferences(ctx context.Context, userID string) ([]*muster.Preference, error) {
	return get[[]*muster.Preference](ctx, c, route("users", userID, "preferences"), nil)
}

// UpdatePreferences sets preferences of a user and leaves the others as they are.
func (c *Client) UpdatePreferences(ctx context.Context, userID string, list []*muster.Preference) error {
	return act(ctx, c, http.MethodPut, route("users", userID, "preferences"), list)
}

// DeletePreferences removes preferences of a user.
func (c *Client) DeletePreferences(ctx context.Context, userID string, list []*muster.Preference) error {
	return act(ctx, c, http.MethodPost, route("users", userID, "preferences", "delete"), list)
}
