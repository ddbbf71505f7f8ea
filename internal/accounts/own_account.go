package accounts

import (
	"context"
	"fmt"

	"muster"
	"muster/internal/auth"
	"muster/internal/core"
)

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

// ExportAccount returns everything that is stored about the caller's account.
func (a *Accounts) ExportAccount(ctx context.Context, who *core.Caller) (*AccountExport, error) {
	id := who.ID()
	u, err := a.core.User(ctx, id)
	if err != nil {
		return nil, err
	}
	sessions, err := a.auth.Sessions(ctx, who, id)
	if err != nil {
		return nil, err
	}
	e := &AccountExport{User: u.Sanitized(muster.Visibility{Self: true})}
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
	read("teams", func() (err error) { e.Teams, err = a.teams.TeamsOfUser(ctx, who, id); return err })
	read("team memberships", func() (err error) { e.TeamMembers, err = a.teams.TeamMembershipsOf(ctx, who, id); return err })
	read("channels", func() (err error) { e.Channels, err = a.channelsToExport(ctx, id, e.Teams); return err })
	read("channel memberships", func() (err error) {
		e.ChannelMembers, err = a.store.ChannelMembershipsWithTeams(ctx, id, 0, exportMax)
		return err
	})
	read("preferences", func() (err error) { e.Preferences, err = a.Preferences(ctx, who, id, ""); return err })
	read("history", func() (err error) { e.Audits, err = a.store.Audits(ctx, id, 0, exportMax); return err })
	read("history", func() error { return a.core.SaveAudits(ctx, a.core.AuditSelf(who, "account exported")) })
	return e, err
}

// channelsToExport are the channels that a user is in: direct and group channels, then those of the teams.
func (a *Accounts) channelsToExport(ctx context.Context, userID string, teams []*muster.Team) ([]*muster.Channel, error) {
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

// ClosePolicy tells what people may do to their own account by the settings: deactivate it, delete it for good.
func (a *Accounts) ClosePolicy() (deactivate, forGood bool) {
	c := a.core.Config()
	return c.TeamSettings.EnableUserDeactivation, c.TeamSettings.EnableUserDeactivation && c.ServiceSettings.EnableAPIUserDeletion
}

// CloseAccount deactivates the caller's own account or deletes it with all that hangs on it. It asks for a proof however fresh the session is, for there is
// no way back. Kinds as Reauthenticate's, Forbidden also where the settings don't allow it.
func (a *Accounts) CloseAccount(ctx context.Context, who *core.Caller, p auth.Proof, forGood bool) error {
	deactivate, deletion := a.ClosePolicy()
	if !deactivate || forGood && !deletion {
		return muster.E(muster.Forbidden, "api.user.update_active.not_enable.app_error")
	}
	if err := a.auth.Reauthenticate(ctx, who, p); err != nil {
		return err
	}
	if !forGood {
		return a.UpdateUserActive(ctx, who, who.ID(), false)
	}
	u, err := a.core.User(ctx, who.ID())
	if err != nil {
		return err
	}
	return a.deletePermanently(ctx, u)
}
