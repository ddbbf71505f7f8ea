package api

import (
	"cmp"
	"net/http"

	"muster"
)

var termsRoutes = []route{
	{method: "POST", path: "/terms_of_service", handle: createTermsOfService},
	{method: "GET", path: "/terms_of_service", handle: getTermsOfService, terms: true},
	{method: "POST", path: "/users/{user_id}/terms_of_service", handle: registerTermsOfServiceAction, own: true, terms: true},
	{method: "GET", path: "/users/{user_id}/terms_of_service", handle: getUserTermsOfService, own: true, terms: true},
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

// registerTermsOfServiceAction is about the caller, whatever id the path has, as on the reference server.
func registerTermsOfServiceAction(c *call) (any, error) {
	if _, err := c.userID(); err != nil {
		return nil, err
	}
	var body struct {
		TermsOfServiceID string       `json:"termsOfServiceId"`
		ServiceTermsID   string       `json:"serviceTermsId"` // as the documentation spells it
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
