package client

import (
	"context"
	"net/http"

	"muster"
)

// Status returns a user's status.
func (c *Client) Status(ctx context.Context, userID string) (*muster.Status, error) {
	return get[*muster.Status](ctx, c, route("users", userID, "status"), nil)
}

// StatusesByIDs returns the statuses of several users.
func (c *Client) StatusesByIDs(ctx context.Context, userIDs []string) ([]*muster.Status, error) {
	return send[[]*muster.Status](ctx, c, http.MethodPost, "/users/status/ids", nil, userIDs)
}

// UpdateStatus sets the status of the user s.UserID.
func (c *Client) UpdateStatus(ctx context.Context, s *muster.Status) (*muster.Status, error) {
	return send[*muster.Status](ctx, c, http.MethodPut, route("users", s.UserID, "status"), nil, s)
}

// PublishTyping notifies a channel that a user is typing there. parentID is the post that the user replies to, or "".
func (c *Client) PublishTyping(ctx context.Context, userID, channelID, parentID string) error {
	body := map[string]string{"channel_id": channelID, "parent_id": parentID}
	return act(ctx, c, http.MethodPost, route("users", userID, "typing"), body)
}
