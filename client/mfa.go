package client

import (
	"context"
	"net/http"

	"muster"
)

// GenerateMfaSecret returns a new secret for an authenticator app. It takes effect when UpdateMfa gets a code made with it.
func (c *Client) GenerateMfaSecret(ctx context.Context, userID string) (*muster.MfaSecret, error) {
	return send[*muster.MfaSecret](ctx, c, http.MethodPost, route("users", userID, "mfa", "generate"), nil, nil)
}

// UpdateMfa turns an account's second factor on, with a code made with the generated secret, or off. When it turns it on, it returns
// recovery codes, each of which works for one login. The server never shows them again.
func (c *Client) UpdateMfa(ctx context.Context, userID string, activate bool, code string) ([]string, error) {
	body := struct {
		Activate bool   `json:"activate"`
		Code     string `json:"code,omitempty"`
	}{activate, code}
	answer, err := send[struct {
		RecoveryCodes []string `json:"recovery_codes"`
	}](ctx, c, http.MethodPut, route("users", userID, "mfa"), nil, body)
	return answer.RecoveryCodes, err
}

// RecoveryCodesLeft returns how many recovery codes the caller's account has left.
func (c *Client) RecoveryCodesLeft(ctx context.Context) (int, error) {
	answer, err := get[struct {
		Left int `json:"left"`
	}](ctx, c, route("users", Me, "mfa", "recovery_codes"), nil)
	return answer.Left, err
}

// ReplaceRecoveryCodes returns new recovery codes for the caller's account, which the server never shows again. Older codes stop working.
// The caller must have authenticated recently: see Reauthenticate.
func (c *Client) ReplaceRecoveryCodes(ctx context.Context) ([]string, error) {
	answer, err := send[struct {
		RecoveryCodes []string `json:"recovery_codes"`
	}](ctx, c, http.MethodPost, route("users", Me, "mfa", "recovery_codes"), nil, nil)
	return answer.RecoveryCodes, err
}

// CheckMfa reports whether logging in with a username or email address requires a one-time code (Credentials.Code); no session is required.
func (c *Client) CheckMfa(ctx context.Context, loginID string) (bool, error) {
	answer, err := send[struct {
		Required bool `json:"mfa_required"`
	}](ctx, c, http.MethodPost, "/users/mfa", nil, map[string]string{"login_id": loginID})
	return answer.Required, err
}
