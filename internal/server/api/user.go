package api

import (
	"encoding/json"
	"net/http"

	"muster"
	"muster/internal/auth"
	"muster/internal/teams"
)

func createUser(c *call) (any, error) {
	var u *muster.User
	if err := c.decode(&u, muster.InvalidParam("user")); err != nil {
		return nil, err
	}
	if u == nil {
		return nil, muster.InvalidParam("user")
	}
	created, err := c.services.Accounts.CreateUser(c.ctx(), c.who, u, teams.Signup{Token: c.query("t"), InviteID: c.query("iid")})
	return reply{status: http.StatusCreated, body: created}, err
}

func getUser(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return c.services.Accounts.UserView(c.ctx(), c.who, id)
}

func getUserByUsername(c *call) (any, error) {
	return c.services.Accounts.UserByUsernameView(c.ctx(), c.who, c.param("username"))
}

func getUserByEmail(c *call) (any, error) {
	return c.services.Accounts.UserByEmailView(c.ctx(), c.who, c.param("email"))
}

func updateUser(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	var u *muster.User
	if err := c.decode(&u, muster.InvalidParam("user")); err != nil {
		return nil, err
	}
	if u == nil {
		return nil, muster.InvalidParam("user")
	}
	if u.ID != id {
		return nil, muster.InvalidParam("user_id")
	}
	return c.services.Accounts.UpdateUser(c.ctx(), c.who, u)
}

func patchUser(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	var p muster.UserPatch
	if err := c.decode(&p, muster.InvalidParam("user")); err != nil {
		return nil, err
	}
	return c.services.Accounts.PatchUser(c.ctx(), c.who, id, &p)
}

func updateUserActive(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	var body struct {
		Active *bool `json:"active"`
	}
	if err := c.decode(&body, muster.InvalidParam("active")); err != nil {
		return nil, err
	}
	if body.Active == nil {
		return nil, muster.InvalidParam("active")
	}
	return ok, c.services.Accounts.UpdateUserActive(c.ctx(), c.who, id, *body.Active)
}

func deleteUser(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return ok, c.services.Accounts.DeleteUser(c.ctx(), c.who, id, c.flag("permanent"))
}

func updateUserRoles(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	var body struct {
		Roles string `json:"roles"`
	}
	if err := c.decode(&body, muster.InvalidParam("roles")); err != nil {
		return nil, err
	}
	return ok, c.services.Accounts.UpdateUserRoles(c.ctx(), c.who, id, body.Roles)
}

func updateUserPassword(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	var body struct {
		CurrentPassword string       `json:"current_password"`
		NewPassword     string       `json:"new_password"`
		AlreadyHashed   boolOrString `json:"already_hashed"`
		RevokeTokens    boolOrString `json:"revoke_access_tokens"`
	}
	if err := c.decode(&body, muster.InvalidParam("current_password")); err != nil {
		return nil, err
	}
	device, err := c.services.Auth.UpdateUserPassword(c.ctx(), c.who, id, auth.PasswordChange{
		CurrentPassword: body.CurrentPassword, NewPassword: body.NewPassword, AlreadyHashed: bool(body.AlreadyHashed),
		RevokeTokens: bool(body.RevokeTokens),
	})
	if err != nil {
		return nil, err
	}
	c.setDeviceToken(device)
	return ok, nil
}

// boolOrString is a boolean. Some clients send it as a string.
type boolOrString bool

// UnmarshalJSON accepts true, false, "true" and "false".
func (t *boolOrString) UnmarshalJSON(b []byte) error {
	if len(b) > 1 && b[0] == '"' {
		b = b[1 : len(b)-1]
	}
	return json.Unmarshal(b, (*bool)(t))
}

func getUserAudits(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	list, err := c.services.Auth.UserAudits(c.ctx(), c.who, id, c.page())
	if len(list) == 0 {
		list = nil // past the last page, the reference server sends null (recorded)
	}
	return list, err
}
