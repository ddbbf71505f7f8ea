package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"muster"
)

// Credentials are what an account logs in with: Password, and LoginID or ID.
type Credentials struct {
	LoginID  string `json:"login_id,omitempty"` // username or email address
	ID       string `json:"id,omitempty"`       // user id
	Password string `json:"password"`
	Code     string `json:"token,omitempty"` // one-time code of the second factor
	DeviceID string `json:"device_id,omitempty"`
	// DeviceToken is what Client.DeviceToken returned after an earlier login. With it, failed attempts from elsewhere can't lock this device out.
	DeviceToken string `json:"-"`
}

const deviceHeader = "X-Device-Token"

// Login logs in with a username or email address. Later calls of the client use the new session.
func (c *Client) Login(ctx context.Context, loginID, password string) (*muster.User, error) {
	return c.LoginWith(ctx, Credentials{LoginID: loginID, Password: password})
}

// LoginWith is Login with all credentials that the server may ask for.
func (c *Client) LoginWith(ctx context.Context, cr Credentials) (*muster.User, error) {
	body, err := json.Marshal(cr)
	if err != nil {
		return nil, err
	}
	r := &Request{Method: http.MethodPost, Path: "/users/login", Body: body}
	if cr.DeviceToken != "" {
		r.Header = http.Header{deviceHeader: {cr.DeviceToken}}
	}
	resp, err := c.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	u, err := decode[*muster.User](r, resp)
	if err != nil {
		return nil, err
	}
	if err := c.keepToken(resp); err != nil {
		return nil, err
	}
	return u, nil
}

// Reauthenticate authenticates the session's owner once more. For some minutes the session may then change the account's second factor, email address or
// access tokens, or close the account. code is a one-time or recovery code, "" for an account without a second factor.
func (c *Client) Reauthenticate(ctx context.Context, password, code string) error {
	body := struct {
		Password string `json:"password"`
		Code     string `json:"token,omitempty"`
	}{password, code}
	return act(ctx, c, http.MethodPost, "/users/sessions/reauthenticate", body)
}

// LoginCWS logs in with the secret that the server shares with the control plane that hosts it, which works once. Later calls of the
// client use the new session.
func (c *Client) LoginCWS(ctx context.Context, loginID, secret string) error {
	body, err := json.Marshal(map[string]string{"login_id": loginID, "cws_token": secret})
	if err != nil {
		return err
	}
	h := *c.http
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the redirect is for browsers
	r := &Request{Method: http.MethodPost, Path: "/users/login/cws", Body: body}
	answer, err := c.open(ctx, &h, r)
	if err != nil {
		return err
	}
	resp, err := r.read(answer)
	if err != nil {
		return err
	}
	return c.keepToken(resp)
}

// keepToken sets the token of later calls from the response to a login.
func (c *Client) keepToken(resp *Response) error {
	token := resp.Header.Get("Token")
	if token == "" {
		return errors.New("login: the response has no token")
	}
	c.SetToken(token)
	c.keepDeviceToken(resp)
	return nil
}

// keepDeviceToken stores the device token of a response, if it has one.
func (c *Client) keepDeviceToken(resp *Response) {
	if device := resp.Header.Get(deviceHeader); device != "" {
		c.device.Store(&device)
	}
}

// setPassword is act for operations that replace the device token.
func (c *Client) setPassword(ctx context.Context, method, path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	resp, err := c.Do(ctx, &Request{Method: method, Path: path, Body: text})
	if err != nil {
		return err
	}
	c.keepDeviceToken(resp)
	return nil
}

// Logout ends the session. Later calls of the client have none.
func (c *Client) Logout(ctx context.Context) error {
	if err := act(ctx, c, http.MethodPost, "/users/logout", nil); err != nil {
		return err
	}
	c.SetToken("")
	return nil
}

// Sessions returns an account's sessions, without their tokens.
func (c *Client) Sessions(ctx context.Context, userID string) ([]*muster.Session, error) {
	return get[[]*muster.Session](ctx, c, route("users", userID, "sessions"), nil)
}

// RevokeSession ends one of an account's sessions.
func (c *Client) RevokeSession(ctx context.Context, userID, sessionID string) error {
	return act(ctx, c, http.MethodPost, route("users", userID, "sessions", "revoke"), map[string]string{"session_id": sessionID})
}

// RevokeAllSessions ends all of an account's sessions.
func (c *Client) RevokeAllSessions(ctx context.Context, userID string) error {
	return act(ctx, c, http.MethodPost, route("users", userID, "sessions", "revoke", "all"), nil)
}

// RevokeSessionsFromAllUsers ends all sessions of all accounts, the caller's included.
func (c *Client) RevokeSessionsFromAllUsers(ctx context.Context) error {
	return act(ctx, c, http.MethodPost, "/users/sessions/revoke/all", nil)
}

// AttachDevice attaches a mobile device to the caller's session, for notifications.
func (c *Client) AttachDevice(ctx context.Context, deviceID string) error {
	return act(ctx, c, http.MethodPut, "/users/sessions/device", map[string]string{"device_id": deviceID})
}
