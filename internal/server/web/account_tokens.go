package web

import (
	"fmt"
	"html/template"
	"time"

	"muster"
	"muster/internal/app"
)

// tokens is what the page of access tokens shows besides its form.
type tokens struct {
	Refused bool              // the account may not have any
	Off     bool              // nobody may make any
	EndDays template.HTMLAttr // which a token may end on, for the field of the date
	EndHint string
	List    []tokenRow
	Made    *muster.AccessToken // just now, with its text; nil for none
}

// tokenRow is a token as its owner knows it.
type tokenRow struct {
	ID, Description         string
	Created, LastUsed, Ends stamp // 0: not yet, never
	Active, Ended           bool
}

func showTokens(v *visit) error { return v.showTokens(nil, nil) }

func (v *visit) showTokens(made *muster.AccessToken, refused error) error {
	now := time.Now().UTC()
	data := tokens{Off: !v.config().ServiceSettings.EnableUserAccessTokens, Made: made}
	data.EndDays, data.EndHint = tokenEnds(now, v.config().ServiceSettings.UserAccessTokenMaxLifetimeInDays)
	list, err := v.tokens()
	switch {
	case muster.IsKind(err, muster.Forbidden):
		data.Refused = true
	case err != nil:
		return err
	}
	for _, t := range list {
		data.List = append(data.List, tokenRow{
			ID: t.ID, Description: t.Description, Created: stamp(t.CreateAt), LastUsed: stamp(t.LastUsedAt), Ends: stamp(t.ExpiresAt),
			Active: t.IsActive, Ended: t.ExpiresAt > 0 && t.ExpiresAt <= now.UnixMilli(),
		})
	}
	return v.show(page{name: "account_tokens", heading: "Access tokens", data: data, err: refused})
}

// tokenEnds says on which days a token may end that works for so many days at most, 0 for any number.
func tokenEnds(now time.Time, maxDays int) (days template.HTMLAttr, hint string) {
	attrs := fmt.Sprintf(`type="date" min="%s"`, now.Format(time.DateOnly))
	hint = "The token works until the end of that day (UTC). Leave it empty for a token that works until you revoke it."
	if maxDays > 0 {
		attrs += fmt.Sprintf(` max="%s"`, now.AddDate(0, 0, maxDays-1).Format(time.DateOnly)) // the last day that is over in time
		hint = fmt.Sprintf("The token works until the end of that day (UTC), for %d days at most. Leave it empty for as long as that.", maxDays)
	}
	return template.HTMLAttr(attrs), hint //nolint:gosec // numbers and dates
}

// tokens are all that the account has.
func (v *visit) tokens() (all []*muster.AccessToken, err error) {
	for number := 0; ; number++ {
		part, err := v.app.AccessTokensOf(v.ctx(), v.who, v.who.ID(), app.NewPage(number, app.PerPageMax))
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if len(part) < app.PerPageMax {
			return all, nil
		}
	}
}

var (
	errNoPurpose   = muster.E(muster.Invalid, "model.user_access_token.is_valid.description.app_error", "Reason", "Say what the token is for, so that you know it again later.")
	errBadTokenEnd = muster.E(muster.Invalid, "api.context.invalid_body_param.app_error", "Name", "expires_at", "Reason",
		"Choose a day from today on, no later than tokens may work here, or leave it empty.")
)

func createToken(v *visit) error {
	wanted := &muster.AccessToken{Description: v.form.Get("description")}
	if wanted.Description == "" {
		return v.showTokens(nil, errNoPurpose)
	}
	if day := v.form.Get("expires_at"); day != "" {
		end, err := endOfDay(day)
		if err != nil {
			return v.showTokens(nil, errBadTokenEnd)
		}
		wanted.ExpiresAt = end
	}
	if err := v.confirm(); err != nil {
		return v.showTokens(nil, err)
	}
	made, err := v.app.CreateAccessToken(v.ctx(), v.who, v.who.ID(), wanted)
	if e := muster.AsError(err); err != nil && e.Params["Name"] == "expires_at" {
		err = errBadTokenEnd
	}
	return v.showTokens(made, err)
}

// endOfDay is the last millisecond (Unix) of a day in UTC, given as a date field gives it.
func endOfDay(day string) (int64, error) {
	begin, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, err
	}
	return begin.AddDate(0, 0, 1).UnixMilli() - 1, nil
}

var errNoSuchToken = muster.E(muster.NotFound, "app.user_access_token.get_by_user.app_error")

// revokeToken ends one of the account's own tokens, also for administrators, who may end others elsewhere.
func revokeToken(v *visit) error {
	id := v.form.Get("token_id")
	t, err := v.app.AccessToken(v.ctx(), v.who, id)
	if muster.IsKind(err, muster.Forbidden) || err == nil && t.UserID != v.who.ID() {
		err = errNoSuchToken
	}
	if err == nil {
		err = v.app.RevokeAccessToken(v.ctx(), v.who, id)
	}
	if err != nil {
		return v.showTokens(nil, err)
	}
	return v.done(tokensPage, "token-revoked")
}
