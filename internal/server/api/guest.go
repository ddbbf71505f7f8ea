package api

import (
	"muster"
	"muster/internal/server/httpx"
	"muster/internal/teams"
)

var guestRoutes = []route{
	{method: "POST", path: "/users/{user_id}/promote", handle: promoteGuestToUser},
	{method: "POST", path: "/users/{user_id}/demote", handle: demoteUserToGuest},
}

func promoteGuestToUser(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return ok, c.services.Accounts.PromoteGuest(c.ctx(), c.who, id)
}

func demoteUserToGuest(c *call) (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	return ok, c.services.Accounts.DemoteToGuest(c.ctx(), c.who, id)
}

func inviteUsersToTeam(c *call) (any, error) {
	return withTeam(c, func(id string) (any, error) {
		emails, err := c.decodeStrings()
		if err != nil {
			return nil, err
		}
		results, err := c.services.Teams.InviteToTeam(c.ctx(), c.who, id, emails, c.flag("graceful"))
		return c.inviteReply(results), err
	})
}

func inviteGuestsToTeam(c *call) (any, error) {
	return withTeam(c, func(id string) (any, error) {
		var in teams.GuestInvitation
		if err := c.decode(&in, muster.InvalidParam("invitation")); err != nil {
			return nil, err
		}
		results, err := c.services.Teams.InviteGuests(c.ctx(), c.who, id, in, c.flag("graceful"))
		return c.inviteReply(results), err
	})
}

// inviteResult is the result of an invitation for one email address.
type inviteResult struct {
	Email string           `json:"email"`
	Error *httpx.ErrorBody `json:"error"`
}

// inviteReply returns the response to an invitation: with graceful=true a list of results, otherwise {"status": "OK"}.
func (c *call) inviteReply(results []teams.InviteResult) any {
	if !c.flag("graceful") {
		return ok
	}
	list := make([]inviteResult, len(results))
	for i, r := range results {
		list[i].Email = r.Email
		if r.Refused != nil {
			list[i].Error = httpx.NewErrorBody(r.Refused, c.who.RequestID)
		}
	}
	return list
}
