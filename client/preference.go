package client

import (
	"context"
	"net/http"

	"muster"
)

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
