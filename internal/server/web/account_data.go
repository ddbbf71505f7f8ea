package web

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Where the forms that close an account are sent.
const (
	deactivatePath = "/account/data/deactivate"
	deletePath     = "/account/data/delete"
)

// data is what the page of one's data shows besides its forms.
type accountData struct {
	Deactivate, Delete bool // which the settings allow
}

func showData(req *pageRequest) error { return req.showData(nil) }

func (req *pageRequest) showData(formErr error) error {
	var d accountData
	d.Deactivate, d.Delete = req.services.Accounts.ClosePolicy()
	return req.show(page{name: "account_data", heading: "Your data", err: formErr, data: d})
}

func downloadData(req *pageRequest) error {
	export, err := req.services.Accounts.ExportAccount(req.ctx(), req.who)
	if err != nil {
		return err
	}
	body, err := json.MarshalIndent(export, "", "  ")
	if err != nil {
		return fmt.Errorf("export account: %w", err)
	}
	// Nothing in a username needs quoting: letters, digits, dots, hyphens and underscores.
	req.w.Header().Set("Content-Disposition", `attachment; filename="account-`+req.who.User.Username+`.json"`)
	req.send(http.StatusOK, "application/json", append(body, '\n'))
	return nil
}

// closeAccount deactivates or deletes, by where the form was sent.
func closeAccount(req *pageRequest) error {
	forGood := req.path == deletePath
	if err := req.services.Accounts.CloseAccount(req.ctx(), req.who, req.proof(), forGood); err != nil {
		return req.showData(err)
	}
	req.cookies.ClearSession(req.w)
	req.who.Session, req.who.User = nil, nil
	heading := "Your account has been deactivated"
	if forGood {
		heading = "Your account has been deleted"
	}
	return req.show(page{name: "closed", heading: heading, data: struct{ ForGood bool }{forGood}})
}
