package client

import (
	"context"
	"net/http"

	"muster"
)

// GenerateMfaSecret makes a secret to set an authenticator app up with. It counts once UpdateMfa has seen a code of it.
func (c *Client) GenerateMfaSecret(ctx context.Context, userID string) (*muster.MfaSecret, error) {
	return send[*muster.MfaSecret](ctx, c, http.MethodPost, route("users", userID, "mfa", "generate"), nil, nil)
}

// UpdateMfa turns an account's second factor on, with a code of the generated secret, or off, without one. Turned on it gives the
// recovery codes, each good for one sign-in, which the server never shows again.
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

// RecoveryCodesLeft returns how many recovery codes the signed-in account has not used yet.
func (c *Client) RecoveryCodesLeft(ctx context.Context) (int, error) {
	answer, err := get[struct {
		Left int `json:"left"`
	}](ctx, c, route("users", Me, "mfa", "recovery_codes"), nil)
	return answer.Left, err
}

// ReplaceRecoveryCodes returns new recovery codes of the signed-in account, which the server never shows again; its older ones are void.
// The session must be fresh: see Reauthenticate.
func (c *Client) ReplaceRecoveryCodes(ctx context.Context) ([]string, error) {
	answer, err := send[struct {
		RecoveryCodes []string `json:"recovery_codes"`
	}](ctx, c, http.MethodPost, route("users", Me, "mfa", "recovery_codes"), nil, nil)
	return answer.RecoveryCodes, err
}

// CheckMfa tells whether signing in by a username or e-mail address takes a one-time code (Credentials.Code); no session is needed.
func (c *Client) CheckMfa(ctx context.Context, loginID string) (bool, error) {
	answer, err := send[struct {
		Required bool `json:"mfa_required"`
	}](ctx, c, http.MethodPost, "/users/mfa", nil, map[string]string{"login_id": loginID})
	return answer.Required, err
}
