package api

import (
	"muster"
	"muster/internal/auth"
	"muster/internal/server/httpx"
)

func login(c *call) (any, error) {
	var req auth.LoginRequest
	if err := c.decode(&req, muster.E(muster.Invalid, "api.user.login.blank_pwd.app_error")); err != nil {
		return nil, err
	}
	c.signInAnew()
	session, user, err := c.services.Auth.Login(c.ctx(), c.who, req)
	if err != nil {
		return nil, err
	}
	c.giveTokens(session)
	if isXHR(c.r) {
		c.cookies.SetSession(c.w, session)
	}
	return user, nil
}

// signInAnew has the request go on without its session, which only shows that the device is known.
func (c *call) signInAnew() {
	c.who.Former, c.who.Session, c.who.User = c.who.Session, nil, nil
}

// giveTokens hands a client its new session, and what makes its device known.
func (c *call) giveTokens(s *muster.Session) {
	c.w.Header().Set("Token", s.Token)
	c.giveDeviceToken(s.DeviceToken)
}

// giveDeviceToken hands a client the token by which its device is known from now on, "" for none. A browser that keeps tokens for the pages keeps this one
// with them; no other gets a cookie that clients of the reference don't know.
func (c *call) giveDeviceToken(token string) {
	if token == "" {
		return
	}
	c.w.Header().Set(httpx.DeviceHeader, token)
	c.cookies.RenewDevice(c.w, token)
}

var errForeignPage = muster.E(muster.Forbidden, "api.context.foreign_page.app_error")

// logout ends the session, and takes its cookie from the browser. A page of another site can have neither done: a form of its own brings no proof with
// the cookie, or no cookie at all and an origin that is not ours.
func logout(c *call) (any, error) {
	if c.foreign || c.who.Session == nil && c.limiter.CheckOrigin(c.r) != nil {
		return nil, errForeignPage
	}
	c.cookies.ClearToken(c.w)
	return ok, c.services.Auth.Logout(c.ctx(), c.who)
}

func attachDeviceID(c *call) (any, error) {
	var body struct {
		DeviceID string `json:"device_id"`
	}
	if err := c.decode(&body, muster.InvalidParam("device_id")); err != nil {
		return nil, err
	}
	expiresAt, err := c.services.Auth.AttachDevice(c.ctx(), c.who, body.DeviceID)
	if err != nil {
		return nil, err
	}
	c.cookies.SetToken(c.w, c.token, expiresAt)
	return ok, nil
}

func reauthenticate(c *call) (any, error) {
	var body struct {
		Password string `json:"password"`
		Code     string `json:"token"` // as login calls it
	}
	if err := c.decode(&body, muster.InvalidParam("password")); err != nil {
		return nil, err
	}
	return ok, c.services.Auth.Reauthenticate(c.ctx(), c.who, auth.Proof{Password: body.Password, Code: body.Code})
}

func getSessions(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	list, err := c.services.Auth.Sessions(c.ctx(), c.who, id)
	if list == nil {
		list = []*muster.Session{}
	}
	return list, err
}

func revokeSession(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	var body struct {
		SessionID string `json:"session_id"`
	}
	if err := c.decode(&body, muster.InvalidParam("session_id")); err != nil {
		return nil, err
	}
	return ok, c.services.Auth.RevokeSession(c.ctx(), c.who, id, body.SessionID)
}

func revokeAllSessions(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return ok, c.services.Auth.RevokeAllSessions(c.ctx(), c.who, id)
}

func revokeSessionsFromAllUsers(c *call) (any, error) {
	return ok, c.services.Auth.RevokeSessionsFromAllUsers(c.ctx(), c.who)
}
