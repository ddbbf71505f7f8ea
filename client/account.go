package client

import (
	"context"
	"net/http"

	"muster"
)

// UpdateUserAuth moves an account to another authentication service; both fields of auth are required.
func (c *Client) UpdateUserAuth(ctx context.Context, userID string, auth muster.UserAuth) (*muster.UserAuth, error) {
	return send[*muster.UserAuth](ctx, c, http.MethodPut, route("users", userID, "auth"), nil, auth)
}

// SendVerification sends a link that verifies an email address, if an account has it; no session is required.
func (c *Client) SendVerification(ctx context.Context, email string) error {
	return act(ctx, c, http.MethodPost, "/users/email/verify/send", map[string]string{"email": email})
}

// VerifyEmail verifies an address with the token from the link; no session is required.
func (c *Client) VerifyEmail(ctx context.Context, token string) error {
	return act(ctx, c, http.MethodPost, "/users/email/verify", map[string]string{"token": token})
}

// ResetFailedAttempts unlocks an account by resetting its failed login attempts.
func (c *Client) ResetFailedAttempts(ctx context.Context, userID string) error {
	return act(ctx, c, http.MethodPost, route("users", userID, "reset_failed_attempts"), nil)
}

// VerifyEmailOf marks an account's address as verified, without sending a link.
func (c *Client) VerifyEmailOf(ctx context.Context, userID string) (*muster.User, error) {
	return send[*muster.User](ctx, c, http.MethodPost, route("users", userID, "email", "verify", "member"), nil, nil)
}

// SendPasswordReset sends a link for choosing a new password, if an account has the address; no session is required.
func (c *Client) SendPasswordReset(ctx context.Context, email string) error {
	return act(ctx, c, http.MethodPost, "/users/password/reset/send", map[string]string{"email": email})
}

// ResetPassword sets a password with the token from the link, and revokes the account's access tokens; no session is required.
func (c *Client) ResetPassword(ctx context.Context, token, password string) error {
	return c.resetPassword(ctx, token, password, true)
}

// ResetPasswordAndKeepTokens is ResetPassword, except that the account keeps its access tokens.
func (c *Client) ResetPasswordAndKeepTokens(ctx context.Context, token, password string) error {
	return c.resetPassword(ctx, token, password, false)
}

func (c *Client) resetPassword(ctx context.Context, token, password string, revokeTokens bool) error {
	body := map[string]any{"token": token, "new_password": password, "revoke_access_tokens": revokeTokens}
	return c.setPassword(ctx, http.MethodPost, "/users/password/reset", body)
}
