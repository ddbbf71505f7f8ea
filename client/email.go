package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// MailStep is one step of sending a mail: connect, TLS, auth or accept.
type MailStep struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// TestEmail makes the server send a mail to the caller and returns how each step went. It uses the current settings, changed by those in the JSON object
// proposed, which may be nil.
func (c *Client) TestEmail(ctx context.Context, proposed json.RawMessage) ([]MailStep, error) {
	answer, err := send[struct {
		Steps []MailStep `json:"steps"`
	}](ctx, c, http.MethodPost, "/email/test", nil, proposed)
	return answer.Steps, err
}
