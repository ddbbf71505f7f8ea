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
type data struct {
	Deactivate, Delete bool // which the settings allow
}

func showData(v *visit) error { return v.showData(nil) }

func (v *visit) showData(refused error) error {
	var d data
	d.Deactivate, d.Delete = v.app.Closing()
	return v.show(page{name: "account_data", heading: "Your data", err: refused, data: d})
}

func downloadData(v *visit) error {
	export, err := v.app.ExportAccount(v.ctx(), v.who)
	if err != nil {
		return err
	}
	body, err := json.MarshalIndent(export, "", "  ")
	if err != nil {
		return fmt.Errorf("export account: %w", err)
	}
	// Nothing in a username needs quoting: letters, digits, dots, hyphens and underscores.
	v.w.Header().Set("Content-Disposition", `attachment; filename="account-`+v.who.User.Username+`.json"`)
	v.send(http.StatusOK, "application/json", append(body, '\n'))
	return nil
}

// closeAccount deactivates or deletes, by where the form was sent.
func closeAccount(v *visit) error {
	forGood := v.path == deletePath
	if err := v.app.CloseAccount(v.ctx(), v.who, v.proof(), forGood); err != nil {
		return v.showData(err)
	}
	v.cookies.Forget(v.w)
	v.who.Session, v.who.User = nil, nil
	heading := "Your account is deactivated"
	if forGood {
		heading = "Your account is deleted"
	}
	return v.show(page{name: "closed", heading: heading, data: struct{ ForGood bool }{forGood}})
}
