package app

import (
	"context"
	"errors"
	"fmt"

	"muster"
	"muster/internal/store"
)

// ConfirmPassword asks for the caller's own password again, before what a stolen session must not do. Wrong ones count as at sign-in.
// Kinds: Invalid, also where another service keeps the password, and Unauthenticated.
func (a *App) ConfirmPassword(ctx context.Context, who *Caller, password string) error {
	u, err := a.user(ctx, who.ID())
	if err != nil {
		return err
	}
	return a.confirm(ctx, who, u, password)
}

func (a *App) confirm(ctx context.Context, who *Caller, u *muster.User, password string) error {
	if u.IsSSO() || u.Password == "" {
		return muster.E(muster.Invalid, "api.user.update_password.oauth.app_error")
	}
	return a.proveOwner(ctx, who, u, password)
}

// AccountExport is what is kept about an account, for its owner. Secrets are not in it.
type AccountExport struct {
	User           *muster.User                        `json:"user"`
	Sessions       []*SessionExport                    `json:"sessions"`
	AccessTokens   []*muster.AccessToken               `json:"access_tokens"`
	Teams          []*muster.Team                      `json:"teams"`
	TeamMembers    []*muster.TeamMember                `json:"team_members"`
	Channels       []*muster.Channel                   `json:"channels"`
	ChannelMembers []*muster.ChannelMemberWithTeamData `json:"channel_members"`
	Preferences    []*muster.Preference                `json:"preferences"`
	Audits         []*muster.Audit                     `json:"audits"` // the newest
}

// SessionExport is a sign-in with the address that it was made from.
type SessionExport struct {
	*muster.Session
	IPAddress string `json:"ip_address"`
}

const exportMax = 10_000 // lines of one kind

// ExportAccount gives the caller what is kept about it.
func (a *App) ExportAccount(ctx context.Context, who *Caller) (*AccountExport, error) {
	id := who.ID()
	u, err := a.user(ctx, id)
	if err != nil {
		return nil, err
	}
	sessions, err := a.Sessions(ctx, who, id)
	if err != nil {
		return nil, err
	}
	e := &AccountExport{User: u.For(muster.Visibility{Self: true})}
	for _, s := range sessions {
		delete(s.Props, muster.SessionPropCSRF) // with it, another site could use the session
		e.Sessions = append(e.Sessions, &SessionExport{s, s.IP})
	}
	read := func(what string, from func() error) {
		if err == nil {
			if err = from(); err != nil {
				err = fmt.Errorf("export %s: %w", what, err)
			}
		}
	}
	read("access tokens", func() (err error) { e.AccessTokens, err = a.store.AccessTokens(ctx, id, 0, exportMax); return err })
	read("teams", func() (err error) { e.Teams, err = a.TeamsOfUser(ctx, who, id); return err })
	read("team memberships", func() (err error) { e.TeamMembers, err = a.TeamMembershipsOf(ctx, who, id); return err })
	read("channels", func() (err error) { e.Channels, err = a.channelsToExport(ctx, id, e.Teams); return err })
	read("channel memberships", func() (err error) {
		e.ChannelMembers, err = a.store.ChannelMembershipsWithTeams(ctx, id, 0, exportMax)
		return err
	})
	read("preferences", func() (err error) { e.Preferences, err = a.Preferences(ctx, who, id, ""); return err })
	read("history", func() (err error) { e.Audits, err = a.store.Audits(ctx, id, 0, exportMax); return err })
	read("history", func() error { return a.store.SaveAudit(ctx, a.auditSelf(who, "account exported")) })
	return e, err
}

// channelsToExport are the channels that a user is in: direct and group channels, then those of the teams.
func (a *App) channelsToExport(ctx context.Context, userID string, teams []*muster.Team) ([]*muster.Channel, error) {
	all, err := a.store.ChannelsOf(ctx, userID, "")
	if err != nil {
		return nil, err
	}
	for _, t := range teams {
		inTeam, err := a.store.ChannelsOf(ctx, userID, t.ID)
		if err != nil {
			return nil, err
		}
		for _, c := range inTeam {
			if c.TeamID == t.ID {
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// Closing tells what people may do to their own account by the settings: deactivate it, delete it for good.
func (a *App) Closing() (deactivate, forGood bool) {
	c := a.Config()
	return c.TeamSettings.EnableUserDeactivation, c.TeamSettings.EnableUserDeactivation && c.ServiceSettings.EnableAPIUserDeletion
}

// CloseAccount deactivates the caller's own account or deletes it with all that hangs on it. It takes the password and, with a second factor, a code: a
// stolen session must not do it. Kinds: Invalid, Unauthenticated, Forbidden where the settings don't allow it.
func (a *App) CloseAccount(ctx context.Context, who *Caller, password, code string, forGood bool) error {
	deactivate, deletion := a.Closing()
	if !deactivate || forGood && !deletion {
		return muster.E(muster.Forbidden, "api.user.update_active.not_enable.app_error")
	}
	u, err := a.user(ctx, who.ID())
	if err != nil {
		return err
	}
	if err := a.confirm(ctx, who, u, password); err != nil {
		return err
	}
	f, err := a.checkSecondFactor(ctx, who, u, code)
	if err != nil {
		return err
	}
	err = a.store.UseFactor(ctx, u.ID, store.SessionOptions{MfaStep: f.step, RecoveryHash: f.recovery})
	if errors.Is(err, store.ErrCodeUsed) {
		return a.refuseCode(ctx, who, u)
	}
	if err != nil {
		return err
	}
	if forGood {
		return a.erase(ctx, u)
	}
	return a.UpdateUserActive(ctx, who, u.ID, false)
}
