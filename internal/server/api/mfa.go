package api

import "muster"

var mfaRoutes = []route{
	{method: "POST", path: "/users/{user_id}/mfa/generate", handle: generateMfaSecret, beforeMFA: true},
	{method: "PUT", path: "/users/{user_id}/mfa", handle: updateUserMfa, beforeMFA: true},
	{method: "GET", path: "/users/{user_id}/mfa/recovery_codes", handle: getRecoveryCodes, ownAccount: true},
	{method: "POST", path: "/users/{user_id}/mfa/recovery_codes", handle: replaceRecoveryCodes, ownAccount: true},
	{method: "POST", path: "/users/mfa", access: open, limit: everybody, handle: checkUserMfa},
}

func generateMfaSecret(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return c.services.Auth.GenerateMfaSecret(c.ctx(), c.who, id)
}

func updateUserMfa(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	var body struct {
		Activate *boolOrString `json:"activate"`
		Code     string        `json:"code"`
	}
	if err := c.decode(&body, muster.InvalidParam("activate")); err != nil {
		return nil, err
	}
	if body.Activate == nil {
		return nil, muster.InvalidParam("activate")
	}
	activate := bool(*body.Activate)
	if activate && body.Code == "" {
		return nil, muster.InvalidParam("code")
	}
	codes, err := c.services.Auth.UpdateMfa(c.ctx(), c.who, id, activate, body.Code)
	return struct {
		statusOK
		RecoveryCodes []string `json:"recovery_codes,omitempty"`
	}{ok, codes}, err
}

func getRecoveryCodes(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	left, err := c.services.Auth.RecoveryCodesLeft(c.ctx(), c.who, id)
	return struct {
		Left int64 `json:"left"`
	}{left}, err
}

func replaceRecoveryCodes(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	codes, err := c.services.Auth.ReplaceRecoveryCodes(c.ctx(), c.who, id)
	return struct {
		RecoveryCodes []string `json:"recovery_codes"`
	}{codes}, err
}

func checkUserMfa(c *call) (any, error) {
	var body struct {
		LoginID string `json:"login_id"`
	}
	if err := c.decode(&body, muster.InvalidParam("login_id")); err != nil {
		return nil, err
	}
	if body.LoginID == "" {
		return nil, muster.InvalidParam("login_id")
	}
	required, err := c.services.Auth.CheckMfa(c.ctx(), body.LoginID)
	return struct {
		MfaRequired bool `json:"mfa_required"`
	}{required}, err
}
