package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// MailStep is one step of sending a mail: connect, TLS, auth, accept.
type MailStep struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// TestEmail has a mail sent to the caller by the settings in force, changed by those of the JSON object proposed (nil for none), and tells of each step.
func (c *Client) TestEmail(ctx context.Context, proposed json.RawMessage) ([]MailStep, error) {
	answer, err := send[struct {
		Steps []MailStep `json:"steps"`
	}](ctx, c, http.MethodPost, "/email/test", nil, proposed)
	return answer.Steps, err
}
