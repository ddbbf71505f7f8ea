package client

import (
	"context"
	"net/http"

	"muster"
)

// Preferences returns all preferences of a user.
func (c *Client) Preferences(ctx context.Context, userID string) ([]*muster.Preference, error) {
	return get[[]*muster.Preference](ctx, c, route("users", userID, "preferences"), nil)
}

// PreferencesOfCategory returns the preferences of a user in one category.
func (c *Client) PreferencesOfCategory(ctx context.Context, userID, category string) ([]*muster.Preference, error) {
	return get[[]*muster.Preference](ctx, c, route("users", userID, "preferences", category), nil)
}

// Preference returns one preference of a user.
func (c *Client) Preference(ctx context.Context, userID, category, name string) (*muster.Preference, error) {
	return get[*muster.Preference](ctx, c, route("users", userID, "preferences", category, "name", name), nil)
}

// UpdatePreferences sets preferences of a user and leaves the others as they are.
func (c *Client) UpdatePreferences(ctx context.Context, userID string, list []*muster.Preference) error {
	return act(ctx, c, http.MethodPut, route("users", userID, "preferences"), list)
}

// DeletePreferences removes preferences of a user.
func (c *Client) DeletePreferences(ctx context.Context, userID string, list []*muster.Preference) error {
	return act(ctx, c, http.MethodPost, route("users", userID, "preferences", "delete"), list)
}
