package api

import (
	"cmp"
	"net/http"

	"muster"
)

var termsRoutes = []route{
	{method: "POST", path: "/terms_of_service", handle: createTermsOfService},
	{method: "GET", path: "/terms_of_service", handle: getTermsOfService, beforeTerms: true},
	{method: "POST", path: "/users/{user_id}/terms_of_service", handle: registerTermsOfServiceAction, ownAccount: true, beforeTerms: true},
	{method: "GET", path: "/users/{user_id}/terms_of_service", handle: getUserTermsOfService, ownAccount: true, beforeTerms: true},
}

func createTermsOfService(c *call) (any, error) {
	var body struct {
		Text string `json:"text"`
	}
	if err := c.decode(&body, muster.InvalidParam("text")); err != nil {
		return nil, err
	}
	t, err := c.services.Auth.CreateTerms(c.ctx(), c.who, body.Text)
	return reply{status: http.StatusOK, body: t}, err
}

func getTermsOfService(c *call) (any, error) { return c.services.Auth.Terms(c.ctx()) }

// registerTermsOfServiceAction always acts on the caller and ignores the id in the path, as the reference server does.
func registerTermsOfServiceAction(c *call) (any, error) {
	if _, err := c.userID(); err != nil {
		return nil, err
	}
	var body struct {
		TermsOfServiceID string       `json:"termsOfServiceId"`
		ServiceTermsID   string       `json:"serviceTermsId"` // the name in the documentation
		Accepted         boolOrString `json:"accepted"`
	}
	if err := c.decode(&body, muster.InvalidParam("termsOfServiceId")); err != nil {
		return nil, err
	}
	return ok, c.services.Auth.AcceptTerms(c.ctx(), c.who, cmp.Or(body.TermsOfServiceID, body.ServiceTermsID), bool(body.Accepted))
}

func getUserTermsOfService(c *call) (any, error) {
	if _, err := c.userID(); err != nil {
		return nil, err
	}
	return c.services.Auth.AcceptedTerms(c.ctx(), c.who)
}
