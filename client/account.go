package client

import (
	"context"
	"net/http"

	"muster"
)

// UpdateUserAuth moves an account's sign-in to another service, under the name that it has there; both fields are needed.
func (c *Client) UpdateUserAuth(ctx context.Context, userID string, auth muster.UserAuth) (*muster.UserAuth, error) {
	return send[*muster.UserAuth](ctx, c, http.MethodPut, route("users", userID, "auth"), nil, auth)
}

// SendVerification mails a link that verifies an e-mail address, if an account has it; no session is needed.
func (c *Client) SendVerification(ctx context.Context, email string) error {
	return act(ctx, c, http.MethodPost, "/users/email/verify/send", map[string]string{"email": email})
}

// VerifyEmail verifies an address by the token of the mailed link; no session is needed.
func (c *Client) VerifyEmail(ctx context.Context, token string) error {
	return act(ctx, c, http.MethodPost, "/users/email/verify", map[string]string{"token": token})
}

// ResetFailedAttempts unlocks an account: failed attempts to sign in to it are forgotten.
func (c *Client) ResetFailedAttempts(ctx context.Context, userID string) error {
	return act(ctx, c, http.MethodPost, route("users", userID, "reset_failed_attempts"), nil)
}

// VerifyEmailOf takes an account's address for verified, without a mail.
func (c *Client) VerifyEmailOf(ctx context.Context, userID string) (*muster.User, error) {
	return send[*muster.User](ctx, c, http.MethodPost, route("users", userID, "email", "verify", "member"), nil, nil)
}

// SendPasswordReset mails a link that sets a new password, if an account has the address; no session is needed.
func (c *Client) SendPasswordReset(ctx context.Context, email string) error {
	return act(ctx, c, http.MethodPost, "/users/password/reset/send", map[string]string{"email": email})
}

// ResetPassword sets a password by the token of the mailed link, and revokes the account's access tokens; no session is needed.
func (c *Client) ResetPassword(ctx context.Context, token, password string) error {
	return c.resetPassword(ctx, token, password, true)
}

// ResetPasswordAndKeepTokens is ResetPassword that leaves the account's access tokens as they are.
func (c *Client) ResetPasswordAndKeepTokens(ctx context.Context, token, password string) error {
	return c.resetPassword(ctx, token, password, false)
}

func (c *Client) resetPassword(ctx context.Context, token, password string, revokeTokens bool) error {
	body := map[string]any{"token": token, "new_password": password, "revoke_access_tokens": revokeTokens}
	return c.setPassword(ctx, http.MethodPost, "/users/password/reset", body)
}
