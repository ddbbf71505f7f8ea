package web

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Targets of the forms that close an account.
const (
	deactivatePath = "/account/data/deactivate"
	deletePath     = "/account/data/delete"
)

// accountData is what the page "Your data" shows besides its forms.
type accountData struct {
	Deactivate, Delete bool // whether the settings allow it
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
	// A username needs no quoting: it has only letters, digits, dots, hyphens and underscores.
	req.w.Header().Set("Content-Disposition", `attachment; filename="account-`+req.who.User.Username+`.json"`)
	req.send(http.StatusOK, "application/json", append(body, '\n'))
	return nil
}

// closeAccount deactivates or deletes the account, depending on the form's target.
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
