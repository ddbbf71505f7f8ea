package web

import (
	"fmt"
	"html/template"
	"time"

	"muster"
	"muster/internal/core"
)

// tokensData is what the access tokens page shows besides its form.
type tokensData struct {
	NotAllowed  bool              // the account may not have tokens
	Disabled    bool              // the settings turn tokens off
	ExpiryAttrs template.HTMLAttr // of the date field: the range of days a token may expire on
	ExpiryHint  string
	List        []tokenRow
	Created     *muster.AccessToken // by this request, with its secret; nil for none
}

// tokenRow is a token in the list.
type tokenRow struct {
	ID, Description            string
	Created, LastUsed, Expires timestamp // 0 for never
	Active, Expired            bool
}

func showTokens(req *pageRequest) error { return req.showTokens(nil, nil) }

func (req *pageRequest) showTokens(made *muster.AccessToken, formErr error) error {
	now := time.Now().UTC()
	data := tokensData{Disabled: !req.config().ServiceSettings.EnableUserAccessTokens, Created: made}
	data.ExpiryAttrs, data.ExpiryHint = expiryRange(now, req.config().ServiceSettings.UserAccessTokenMaxLifetimeInDays)
	list, err := req.tokens()
	switch {
	case muster.IsKind(err, muster.Forbidden):
		data.NotAllowed = true
	case err != nil:
		return err
	}
	for _, t := range list {
		data.List = append(data.List, tokenRow{
			ID: t.ID, Description: t.Description, Created: timestamp(t.CreateAt), LastUsed: timestamp(t.LastUsedAt), Expires: timestamp(t.ExpiresAt),
			Active: t.IsActive, Expired: t.ExpiresAt > 0 && t.ExpiresAt <= now.UnixMilli(),
		})
	}
	return req.show(page{name: "account_tokens", heading: "Access tokens", data: data, err: formErr})
}

// expiryRange returns the attributes and hint of the expiry field for tokens that work for at most maxDays, 0 for no limit.
func expiryRange(now time.Time, maxDays int) (days template.HTMLAttr, hint string) {
	attrs := fmt.Sprintf(`type="date" min="%s"`, now.Format(time.DateOnly))
	hint = "The token works until the end of that day (UTC). If you leave this empty, it works until you revoke it."
	if maxDays > 0 {
		attrs += fmt.Sprintf(` max="%s"`, now.AddDate(0, 0, maxDays-1).Format(time.DateOnly)) // the last day that ends within maxDays
		hint = fmt.Sprintf("The token works until the end of that day (UTC), for at most %d days. If you leave this empty, it works for that long.", maxDays)
	}
	return template.HTMLAttr(attrs), hint //nolint:gosec // numbers and dates
}

// tokens returns all access tokens of the account.
func (req *pageRequest) tokens() (all []*muster.AccessToken, err error) {
	for number := 0; ; number++ {
		part, err := req.services.Auth.AccessTokensOf(req.ctx(), req.who, req.who.ID(), core.NewPage(number, core.PerPageMax))
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if len(part) < core.PerPageMax {
			return all, nil
		}
	}
}

var (
	errNoDescription = muster.E(muster.Invalid, "model.user_access_token.is_valid.description.app_error", "Reason", "Say what the token is for, so that you can tell your tokens apart.").On("description")
	errBadExpiry     = muster.E(muster.Invalid, "api.context.invalid_body_param.app_error", "Name", "expires_at", "Reason",
		"Choose a date from today on that isn't later than this site allows, or leave it empty.").On("expires_at")
)

func createToken(req *pageRequest) error {
	wanted := &muster.AccessToken{Description: req.form.Get("description")}
	if wanted.Description == "" {
		return req.showTokens(nil, errNoDescription)
	}
	if day := req.form.Get("expires_at"); day != "" {
		end, err := endOfDay(day)
		if err != nil {
			return req.showTokens(nil, errBadExpiry)
		}
		wanted.ExpiresAt = end
	}
	if err := req.requireReauth(); err != nil {
		return req.showTokens(nil, err)
	}
	made, err := req.services.Auth.CreateAccessToken(req.ctx(), req.who, req.who.ID(), wanted)
	if e := muster.AsError(err); err != nil && e.Field == "expires_at" {
		err = errBadExpiry
	}
	return req.showTokens(made, err)
}

// endOfDay returns the last millisecond (Unix) of a day in UTC, given in the format of a date field.
func endOfDay(day string) (int64, error) {
	begin, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, err
	}
	return begin.AddDate(0, 0, 1).UnixMilli() - 1, nil
}

var errNoSuchToken = muster.E(muster.NotFound, "app.user_access_token.get_by_user.app_error")

// revokeToken revokes one of the user's own tokens. Administrators, too, revoke only their own here.
func revokeToken(req *pageRequest) error {
	id := req.form.Get("token_id")
	t, err := req.services.Auth.AccessToken(req.ctx(), req.who, id)
	if muster.IsKind(err, muster.Forbidden) || err == nil && t.UserID != req.who.ID() {
		err = errNoSuchToken
	}
	if err == nil {
		err = req.services.Auth.RevokeAccessToken(req.ctx(), req.who, id)
	}
	if err != nil {
		return req.showTokens(nil, err)
	}
	return req.redirectWithFlash(tokensPage, "token-revoked")
}
