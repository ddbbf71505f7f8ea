package client

import (
	"context"
	"net/http"

	"muster"
)

// CreateTerms publishes new terms of service, in Markdown.
func (c *Client) CreateTerms(ctx context.Context, text string) (*muster.TermsOfService, error) {
	return send[*muster.TermsOfService](ctx, c, http.MethodPost, "/terms_of_service", nil, map[string]string{"text": text})
}

// Terms returns the current terms of service.
func (c *Client) Terms(ctx context.Context) (*muster.TermsOfService, error) {
	return get[*muster.TermsOfService](ctx, c, "/terms_of_service", nil)
}

// AcceptTerms records that the caller accepts terms of service or, with accepted false, withdraws the acceptance.
// userID is the caller's own id, or Me.
func (c *Client) AcceptTerms(ctx context.Context, userID, termsID string, accepted bool) error {
	body := struct {
		TermsID  string `json:"termsOfServiceId"`
		Accepted bool   `json:"accepted"`
	}{termsID, accepted}
	return act(ctx, c, http.MethodPost, route("users", userID, "terms_of_service"), body)
}

// AcceptedTerms returns which terms the caller has accepted, and when. userID is the caller's own id, or Me.
func (c *Client) AcceptedTerms(ctx context.Context, userID string) (*muster.UserTermsOfService, error) {
	return get[*muster.UserTermsOfService](ctx, c, route("users", userID, "terms_of_service"), nil)
}
