package api

import "muster/internal/mail"

var emailRoutes = []route{
	{method: "POST", path: "/email/test", handle: testEmail},
}

func testEmail(c *call) (any, error) {
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	steps, err := c.services.System.CheckMail(c.ctx(), c.who, body)
	return struct {
		statusOK
		Steps []mail.Step `json:"steps"`
	}{ok, steps}, err
}
