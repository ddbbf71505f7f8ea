package teams

import (
	"context"
	"errors"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const noTeam = "app.team.get.find.app_error"

// channelsOfEveryTeam are those that a team begins with, and their display names.
var channelsOfEveryTeam = [][2]string{{muster.DefaultChannel, "Town Square"}, {"off-topic", "Off-Topic"}}

// DefaultChannels are the names of the channels that every new member of a team is put in.
func (t *Teams) DefaultChannels() []string {
	names := []string{channelsOfEveryTeam[0][0], channelsOfEveryTeam[1][0]}
	if own := t.core.Config().TeamSettings.ExperimentalDefaultChannels; len(own) > 0 {
		names = append([]string{muster.DefaultChannel}, own...)
	}
	return names
}

// CreateTeam makes a team of which the caller is the first member and administrator. Kinds: Invalid, Forbidden.
func (t *Teams) CreateTeam(ctx context.Context, who *core.Caller, in *muster.Team) (*muster.Team, error) {
	if err := t.core.RequireSystem(ctx, who, muster.PermCreateTeam); err != nil {
		return nil, err
	}
	now := t.core.Now()
	team := &muster.Team{
		ID: muster.NewID(), CreateAt: now, UpdateAt: now, DisplayName: in.DisplayName, Name: muster.NormalizeName(in.Name), Description: in.Description,
		Email: muster.NormalizeName(in.Email), Type: in.Type, CompanyName: in.CompanyName, AllowedDomains: in.AllowedDomains,
		InviteID: muster.NewID(), AllowOpenInvite: in.AllowOpenInvite, GroupConstrained: in.GroupConstrained,
	}
	if team.Email == "" && who.User != nil {
		team.Email = who.User.Email
	}
	if err := team.Validate(); err != nil {
		return nil, err
	}
	err := t.store.WriteGrowing(ctx, func(tx *store.Tx) error {
		if err := tx.LockUsers(ctx, who.ID()); err != nil {
			return err
		}
		if err := tx.InsertTeam(ctx, team); err != nil {
			return err
		}
		var names []string
		for _, c := range channelsOfEveryTeam {
			names = append(names, c[0])
			err := tx.InsertChannel(ctx, &muster.Channel{
				ID: muster.NewID(), CreateAt: now, UpdateAt: now, TeamID: team.ID, Type: muster.ChannelPublic, Name: c[0], DisplayName: c[1], LastPostAt: now,
			})
			if err != nil {
				return err
			}
		}
		if who.User != nil { // over the local socket nobody joins
			m := &muster.TeamMember{TeamID: team.ID, UserID: who.ID(), SchemeAdmin: true}
			if _, err := tx.JoinTeam(ctx, m); err != nil {
				return err
			}
			if err := tx.JoinDefaultChannels(ctx, m, names); err != nil {
				return err
			}
			tx.Publish(addedToTeam(m))
		}
		return tx.Audit(ctx, t.core.AuditSelf(who, "team_id="+team.ID))
	})
	if err != nil {
		return nil, err
	}
	return team, nil
}

// Team returns a team to its members and, if it is open, to callers who may list open teams. Kinds: Forbidden, NotFound.
func (t *Teams) Team(ctx context.Context, who *core.Caller, id string) (*muster.Team, error) {
	team, err := t.TeamByID(ctx, id)
	if err != nil {
		return nil, err
	}
	return t.shownTeam(ctx, who, team)
}

// TeamByName is Team by name. What the caller may not see is not there.
func (t *Teams) TeamByName(ctx context.Context, who *core.Caller, name string) (*muster.Team, error) {
	const unknown = "app.team.get_by_name.missing.app_error"
	if !muster.ValidText(name, muster.TeamNameMaxBytes) {
		return nil, muster.E(muster.NotFound, unknown)
	}
	team, err := t.store.TeamByName(ctx, muster.NormalizeName(name))
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, unknown)
	}
	shown, err := t.shownTeam(ctx, who, team)
	if muster.IsKind(err, muster.Forbidden) {
		err = muster.E(muster.NotFound, unknown, err) // names can be guessed: a hidden one is not there
	}
	return shown, err
}

// TeamByID reads a team; kind NotFound. Whether the caller may know of it is the use case's to decide.
func (t *Teams) TeamByID(ctx context.Context, id string) (*muster.Team, error) {
	team, err := t.store.Team(ctx, id)
	return team, core.Missing(err, muster.NotFound, noTeam)
}

// shownTeam keeps from non-members what they may not see of a team; the invite id is for who may invite.
func (t *Teams) shownTeam(ctx context.Context, who *core.Caller, team *muster.Team) (*muster.Team, error) {
	if err := t.requireViewTeam(ctx, who, team); err != nil {
		return nil, err
	}
	return team, t.hideInvites(ctx, who, team)
}

// requireViewTeam answers nil when the caller is in the team or may list teams like it; else kind Forbidden.
func (t *Teams) requireViewTeam(ctx context.Context, who *core.Caller, team *muster.Team) error {
	views, err := t.core.CanTeam(ctx, who, team.ID, muster.PermViewTeam)
	if err == nil && !views && team.AllowOpenInvite && team.Type == muster.TeamOpen {
		views, err = t.core.CanSystem(ctx, who, muster.PermListPublicTeams)
	}
	return core.RequireGranted(views, err, muster.PermViewTeam)
}

// hideInvites removes from teams what is not for the caller: the address, unless it manages the team, and the invite id, unless it may invite.
func (t *Teams) hideInvites(ctx context.Context, who *core.Caller, teams ...*muster.Team) error {
	for _, team := range teams {
		manages, err := t.core.CanTeam(ctx, who, team.ID, muster.PermManageTeam)
		if err != nil {
			return err
		}
		if manages {
			continue
		}
		team.Email = ""
		invites, err := t.core.CanTeam(ctx, who, team.ID, muster.PermInviteUser)
		if err != nil {
			return err
		}
		if !invites {
			team.InviteID = ""
		}
	}
	return nil
}

// Teams returns a page of the teams that the caller may list and its own, and how many there are.
func (t *Teams) Teams(ctx context.Context, who *core.Caller, page core.Page) ([]*muster.Team, int64, error) {
	open, err := t.core.CanSystem(ctx, who, muster.PermListPublicTeams)
	if err != nil {
		return nil, 0, err
	}
	closed, err := t.core.CanSystem(ctx, who, muster.PermListPrivateTeams)
	if err != nil {
		return nil, 0, err
	}
	f := store.TeamFilter{Open: open, Closed: closed, Member: who.ID()}
	teams, err := t.store.Teams(ctx, f, page.Offset(), page.PerPage)
	if err != nil {
		return nil, 0, err
	}
	if err := t.hideInvites(ctx, who, teams...); err != nil {
		return nil, 0, err
	}
	n, err := t.store.CountTeams(ctx, f)
	return teams, n, err
}

// TeamsOfUser returns the teams that a user is in: one's own, or another's with the right to read them.
func (t *Teams) TeamsOfUser(ctx context.Context, who *core.Caller, userID string) ([]*muster.Team, error) {
	if err := t.requireReadTeamsOf(ctx, who, userID); err != nil {
		return nil, err
	}
	const all = 10_000
	teams, err := t.store.Teams(ctx, store.TeamFilter{Member: userID}, 0, all)
	if err != nil {
		return nil, err
	}
	return teams, t.hideInvites(ctx, who, teams...)
}

func (t *Teams) requireReadTeamsOf(ctx context.Context, who *core.Caller, userID string) error {
	if who.ID() == userID {
		return nil
	}
	return t.core.RequireSystem(ctx, who, muster.PermManageSystem)
}

// PatchTeam changes a team's own fields; needs manage_team. Kinds: Invalid, Forbidden, NotFound.
func (t *Teams) PatchTeam(ctx context.Context, who *core.Caller, id string, p *muster.TeamPatch) (*muster.Team, error) {
	return t.changeTeam(ctx, who, id, func(team *muster.Team) { team.Apply(p) })
}

// RegenerateInviteID replaces the team's invite link; the old one is void.
func (t *Teams) RegenerateInviteID(ctx context.Context, who *core.Caller, id string) (*muster.Team, error) {
	return t.changeTeam(ctx, who, id, func(team *muster.Team) { team.InviteID = muster.NewID() })
}

// DeleteTeam archives a team.
func (t *Teams) DeleteTeam(ctx context.Context, who *core.Caller, id string) error {
	_, err := t.changeTeam(ctx, who, id, func(team *muster.Team) { team.DeleteAt = t.core.Now() })
	return err
}

// RestoreTeam brings an archived team back.
func (t *Teams) RestoreTeam(ctx context.Context, who *core.Caller, id string) (*muster.Team, error) {
	return t.changeTeam(ctx, who, id, func(team *muster.Team) { team.DeleteAt = 0 })
}

func (t *Teams) changeTeam(ctx context.Context, who *core.Caller, id string, change func(*muster.Team)) (*muster.Team, error) {
	if err := t.core.RequireTeam(ctx, who, id, muster.PermManageTeam); err != nil {
		return nil, err
	}
	var team *muster.Team
	err := t.store.Write(ctx, func(tx *store.Tx) (err error) {
		if team, err = tx.TeamForUpdate(ctx, id); err != nil {
			return core.Missing(err, muster.NotFound, noTeam)
		}
		change(team)
		team.UpdateAt = t.core.Now()
		if err := team.Validate(); err != nil {
			return err
		}
		if err := tx.SaveTeam(ctx, team); err != nil {
			return err
		}
		shown := *team
		shown.InviteID, shown.Email = "", ""
		tx.Publish(muster.Event{Name: muster.EventUpdateTeam, Data: map[string]any{"team": core.JSONText(&shown)}, Audience: muster.Audience{TeamID: id}})
		return tx.Audit(ctx, t.core.AuditSelf(who, "team_id="+id))
	})
	if err != nil {
		return nil, err
	}
	return team, nil
}

// TeamInvite is what an invite link shows before anybody signs in.
type TeamInvite struct {
	DisplayName string `json:"display_name"`
	Description string `json:"description"`
	Name        string `json:"name"`
	ID          string `json:"id"`
}

// TeamByInvite tells which team an invite link leads to; kind NotFound, for archived teams too.
func (t *Teams) TeamByInvite(ctx context.Context, inviteID string) (*TeamInvite, error) {
	team, err := t.invitingTeam(ctx, inviteID)
	if err != nil {
		return nil, err
	}
	return &TeamInvite{team.DisplayName, team.Description, team.Name, team.ID}, nil
}

func (t *Teams) invitingTeam(ctx context.Context, inviteID string) (*muster.Team, error) {
	err := error(store.ErrNotFound)
	var team *muster.Team
	if muster.ValidID(inviteID) {
		team, err = t.store.TeamByInviteID(ctx, inviteID)
	}
	if err == nil && team.DeleteAt != 0 {
		err = store.ErrNotFound
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, muster.E(muster.NotFound, "app.team.get_by_invite_id.finding.app_error", err)
	}
	return team, err
}

// openTeam returns the team of an invite link, unless groups decide who is a member.
func (t *Teams) openTeam(ctx context.Context, inviteID string) (*muster.Team, error) {
	team, err := t.invitingTeam(ctx, inviteID)
	if err == nil && groupsDecide(team.GroupConstrained) {
		return nil, muster.E(muster.Forbidden, "app.team.invite_id.group_constrained.error")
	}
	return team, err
}

// MembershipByInvite returns the membership that an invite link entitles a user to.
func (t *Teams) MembershipByInvite(ctx context.Context, inviteID string, u *muster.User) (*muster.TeamMember, *muster.Team, error) {
	team, err := t.openTeam(ctx, inviteID)
	if err != nil {
		return nil, nil, err
	}
	if !core.InDomains(u.Email, team.AllowedDomains) {
		return nil, nil, muster.E(muster.Forbidden, "api.team.invite_members.invalid_email.app_error")
	}
	return &muster.TeamMember{TeamID: team.ID, UserID: u.ID, SchemeUser: !u.IsGuest(), SchemeGuest: u.IsGuest()}, team, nil
}
