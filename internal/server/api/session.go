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
	c.discardSession()
	session, user, err := c.services.Auth.Login(c.ctx(), c.who, req)
	if err != nil {
		return nil, err
	}
	c.setTokenHeaders(session)
	if isXHR(c.r) {
		c.cookies.SetSession(c.w, session)
	}
	return user, nil
}

// discardSession continues the request without its session, which only identifies the device.
func (c *call) discardSession() {
	c.who.Former, c.who.Session, c.who.User = c.who.Session, nil, nil
}

// setTokenHeaders sends the tokens of a new session and of its device.
func (c *call) setTokenHeaders(s *muster.Session) {
	c.w.Header().Set("Token", s.Token)
	c.setDeviceToken(s.DeviceToken)
}

// setDeviceToken sends the token that identifies the device from now on, unless it is empty. Only browsers that have the pages' cookies get it as a
// cookie, too, because clients of the reference server don't expect one.
func (c *call) setDeviceToken(token string) {
	if token == "" {
		return
	}
	c.w.Header().Set(httpx.DeviceHeader, token)
	c.cookies.RenewDevice(c.w, token)
}

var errForeignPage = muster.E(muster.Forbidden, "api.context.foreign_page.app_error")

// logout ends the session and removes its cookie. Pages of other sites can do neither: their requests fail the CSRF check or, without a cookie, the
// check of their origin.
func logout(c *call) (any, error) {
	if c.failedCSRF || c.who.Session == nil && c.limiter.CheckOrigin(c.r) != nil {
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
		Code     string `json:"token"` // the name in login
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
