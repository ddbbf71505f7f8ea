package api

import (
	"cmp"
	"context"
	"net/http"

	"muster"
	"muster/internal/core"
)

func loginByCwsToken(c *call) (any, error) {
	var body struct {
		LoginID  string `json:"login_id"`
		CWSToken string `json:"cws_token"`
	}
	if err := c.decode(&body, muster.InvalidParam("cws_token")); err != nil {
		return nil, err
	}
	c.discardSession()
	session, err := c.services.Auth.LoginCWS(c.ctx(), c.who, body.LoginID, body.CWSToken)
	if err != nil {
		return nil, err
	}
	c.setTokenHeaders(session)
	c.cookies.SetSession(c.w, session)
	path, _ := c.services.Core.CookieScope()
	c.w.Header().Set("Location", path)
	return reply{status: http.StatusFound}, nil
}

func updateUserAuth(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	var in muster.UserAuth
	if err := c.decode(&in, muster.InvalidParam("user")); err != nil {
		return nil, err
	}
	return c.services.Accounts.UpdateUserAuth(c.ctx(), c.who, id, in)
}

func resetFailedAttempts(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return ok, c.services.Auth.ResetFailedAttempts(c.ctx(), c.who, id)
}

func verifyUserEmailWithoutToken(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return c.services.Accounts.VerifyEmailOf(c.ctx(), c.who, id)
}

func sendVerificationEmail(c *call) (any, error) {
	return c.sendMail(c.services.Accounts.SendVerification)
}

func sendPasswordResetEmail(c *call) (any, error) {
	return c.sendMail(c.services.Auth.SendPasswordReset)
}

func (c *call) sendMail(send func(context.Context, *core.Caller, string) error) (any, error) {
	var body struct {
		Email string `json:"email"`
	}
	if err := c.decode(&body, muster.InvalidParam("email")); err != nil {
		return nil, err
	}
	return ok, send(c.ctx(), c.who, body.Email)
}

func verifyUserEmail(c *call) (any, error) {
	var body struct {
		Token string `json:"token"`
	}
	if err := c.decode(&body, muster.InvalidParam("token")); err != nil {
		return nil, err
	}
	return ok, c.services.Accounts.VerifyEmail(c.ctx(), c.who, body.Token)
}

func resetPassword(c *call) (any, error) {
	var body struct {
		Token        string        `json:"token"`
		Code         string        `json:"code"` // the name in the documentation
		NewPassword  string        `json:"new_password"`
		RevokeTokens *boolOrString `json:"revoke_access_tokens"`
	}
	if err := c.decode(&body, muster.InvalidParam("token")); err != nil {
		return nil, err
	}
	revokeTokens := body.RevokeTokens == nil || bool(*body.RevokeTokens) // a forgotten password may have been stolen, and tokens with it
	device, err := c.services.Auth.ResetPassword(c.ctx(), c.who, cmp.Or(body.Token, body.Code), body.NewPassword, revokeTokens)
	if err != nil {
		return nil, err
	}
	c.setDeviceToken(device)
	return ok, nil
}

func permanentDeleteAllUsers(c *call) (any, error) {
	return ok, c.services.Accounts.DeleteAllUsers(c.ctx(), c.who)
}

func getAudits(c *call) (any, error) { return c.services.Auth.Audits(c.ctx(), c.who, c.page()) }
