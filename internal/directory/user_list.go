package directory

import (
	"context"
	"errors"
	"slices"
	"strings"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// Orders that a list of users may be asked for, besides by username.
const (
	SortLastActivity = "last_activity_at"
	SortCreateAt     = "create_at"
	SortStatus       = "status"
	SortAdmin        = "admin"
	SortDisplayName  = "display_name"
)

// UserQuery is the parameters of get_users.
type UserQuery struct {
	InTeam, NotInTeam, InChannel, NotInChannel, InGroup, NotInGroup string
	GroupConstrained, WithoutTeam, Active, Inactive                 bool
	Role                                                            string
	Roles, TeamRoles, ChannelRoles                                  []string
	Sort                                                            string
	Page                                                            core.Page
}

// check refuses combinations that have no meaning; the rules are those of the reference server.
func (q *UserQuery) check() error {
	bySort := func(ok bool) error {
		if ok {
			return nil
		}
		return muster.InvalidURLParam("sort")
	}
	switch {
	case q.NotInChannel != "" && q.InTeam == "":
		return muster.InvalidURLParam("team_id")
	case q.Active && q.Inactive:
		return muster.InvalidURLParam("inactive")
	}
	switch q.Sort {
	case "":
		return nil
	case SortLastActivity, SortCreateAt:
		return bySort(q.InTeam != "" && q.NotInTeam == "" && q.InChannel == "" && q.NotInChannel == "" &&
			q.InGroup == "" && q.NotInGroup == "" && !q.WithoutTeam)
	case SortStatus, SortAdmin:
		return bySort(q.InChannel != "")
	case SortDisplayName:
		return bySort(q.InGroup != "" && q.InTeam == "" && q.NotInTeam == "" && q.InChannel == "" && q.NotInChannel == "" && !q.WithoutTeam)
	}
	return bySort(false)
}

// Users lists users, ordered by username unless sorted otherwise. tagged reports whether the reference server
// sends an entity tag with this form of the list. Kinds: Invalid, Forbidden, NotFound.
func (d *Directory) Users(ctx context.Context, who *core.Caller, q UserQuery) (users []*muster.User, tagged bool, err error) {
	if err := q.check(); err != nil {
		return nil, false, err
	}
	if err := d.checkRoleFilters(ctx, q.Role, q.Roles, q.TeamRoles, q.ChannelRoles); err != nil {
		return nil, false, err
	}
	viewer, err := d.core.Viewer(ctx, who)
	if err != nil {
		return nil, false, err
	}
	f := store.UserFilter{
		Active: q.Active, Inactive: q.Inactive, Role: q.Role, Roles: q.Roles, TeamRoles: q.TeamRoles, ChannelRoles: q.ChannelRoles,
		Sort: q.Sort, Offset: q.Page.Offset(), Limit: q.Page.PerPage, Viewer: viewer,
	}
	switch {
	case q.WithoutTeam:
		f.WithoutTeam = true
		err = d.core.RequireSystem(ctx, who, muster.PermListUsersWithoutTeam)
	case q.NotInChannel != "":
		f.InTeam, f.NotInChannel, f.GroupConstrained = q.InTeam, q.NotInChannel, q.GroupConstrained
		err = d.core.RequireChannel(ctx, who, q.NotInChannel, muster.PermReadChannel)
	case q.NotInTeam != "":
		f.NotInTeam, f.GroupConstrained, tagged = q.NotInTeam, q.GroupConstrained, true
		err = d.core.RequireTeam(ctx, who, q.NotInTeam, muster.PermViewTeam)
	case q.InTeam != "":
		f.InTeam, tagged = q.InTeam, q.Sort == ""
		err = d.core.RequireTeam(ctx, who, q.InTeam, muster.PermViewTeam)
	case q.InChannel != "":
		f.InChannel = q.InChannel
		err = d.requireListChannel(ctx, who, q.InChannel)
	case q.InGroup != "" || q.NotInGroup != "":
		f.InGroup, f.NotInGroup = q.InGroup, q.NotInGroup
		err = d.requireListGroups(ctx, who, q.InGroup, q.NotInGroup)
	}
	if err != nil {
		return nil, false, err
	}
	users, err = d.store.ListUsers(ctx, f)
	if err != nil {
		return nil, false, err
	}
	users, err = d.core.SanitizeForOthers(ctx, who, users)
	return users, tagged, err
}

// requireListChannel answers nil when the caller may read the channel, and see into it if it is archived; else kind Forbidden.
func (d *Directory) requireListChannel(ctx context.Context, who *core.Caller, id string) error {
	if err := d.core.RequireChannel(ctx, who, id, muster.PermReadChannel); err != nil {
		return err
	}
	if d.core.Config().TeamSettings.ExperimentalViewArchivedChannels {
		return nil
	}
	ch, err := d.store.Channel(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil // nobody is in it
	}
	if err == nil && ch.DeleteAt != 0 {
		err = muster.E(muster.Forbidden, "api.user.view_archived_channels.get_users_in_channel.app_error")
	}
	return err
}

// requireListGroups answers nil when the caller may read each of the groups, "" for none. Kinds: Forbidden, NotFound.
func (d *Directory) requireListGroups(ctx context.Context, who *core.Caller, ids ...string) error {
	for _, id := range ids {
		if id == "" {
			continue
		}
		if _, err := d.groupToRead(ctx, who, id); err != nil {
			return err
		}
	}
	return nil
}

// checkRoleFilters refuses role names that no role has.
func (d *Directory) checkRoleFilters(ctx context.Context, role string, roles, teamRoles, channelRoles []string) error {
	known, _, err := d.core.RolesByName(ctx)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		param string
		names []string
		scope []string
	}{
		{"roles", roles, nil},
		{"teamRoles", teamRoles, []string{muster.RoleTeamAdmin, muster.RoleTeamUser, muster.RoleTeamGuest}},
		{"channelRoles", channelRoles, []string{muster.RoleChannelAdmin, muster.RoleChannelUser, muster.RoleChannelGuest}},
	} {
		for _, name := range f.names {
			if f.scope != nil && !slices.Contains(f.scope, name) || f.scope == nil && known[name] == nil {
				return muster.InvalidParam(f.param)
			}
		}
	}
	if role != "" && known[role] == nil {
		return muster.InvalidParam("role")
	}
	return nil
}

// UsersByIDs returns the users among ids that exist and the caller may see; since > 0 (Unix ms) leaves out those unchanged since.
func (d *Directory) UsersByIDs(ctx context.Context, who *core.Caller, ids []string, since int64) ([]*muster.User, error) {
	ids, err := core.BoundedList("user_ids", ids, muster.ValidID)
	if err != nil {
		return nil, err
	}
	viewer, err := d.core.Viewer(ctx, who)
	if err != nil {
		return nil, err
	}
	users, err := d.store.UsersByIDs(ctx, ids, since, viewer)
	if err != nil {
		return nil, err
	}
	return d.core.SanitizeForOthers(ctx, who, users)
}

// UsersByUsernames returns the users among names that exist and the caller may see.
func (d *Directory) UsersByUsernames(ctx context.Context, who *core.Caller, names []string) ([]*muster.User, error) {
	for i := range names {
		names[i] = muster.NormalizeName(names[i])
	}
	names, err := core.BoundedList("usernames", names, muster.ValidUsername)
	if err != nil {
		return nil, err
	}
	viewer, err := d.core.Viewer(ctx, who)
	if err != nil {
		return nil, err
	}
	users, err := d.store.UsersByUsernames(ctx, names, viewer)
	if err != nil {
		return nil, err
	}
	return d.core.SanitizeForOthers(ctx, who, users)
}

// UsersByGroupChannels gives, for each group channel that the caller is in, the other people in it.
func (d *Directory) UsersByGroupChannels(ctx context.Context, who *core.Caller, channelIDs []string) (map[string][]*muster.User, error) {
	ids, err := core.BoundedList("channel_ids", channelIDs, muster.ValidID)
	if err != nil {
		return nil, err
	}
	byChannel, err := d.store.UsersByGroupChannels(ctx, who.ID(), ids)
	if err != nil {
		return nil, err
	}
	for id, users := range byChannel {
		if byChannel[id], err = d.core.SanitizeForOthers(ctx, who, users); err != nil {
			return nil, err
		}
	}
	return byChannel, nil
}

// KnownUsers returns the ids of everybody that the caller shares a channel with.
func (d *Directory) KnownUsers(ctx context.Context, who *core.Caller) ([]string, error) {
	return d.store.KnownUserIDs(ctx, who.ID())
}

// UsersStats counts the active accounts that the caller may see, bots included.
func (d *Directory) UsersStats(ctx context.Context, who *core.Caller) (*muster.UsersStats, error) {
	viewer, err := d.core.Viewer(ctx, who)
	if err != nil {
		return nil, err
	}
	n, err := d.store.CountUsers(ctx, store.UserFilter{Active: true, Viewer: viewer})
	return &muster.UsersStats{TotalUsersCount: n}, err
}

// StatsQuery is the parameters of get_total_users_stats_filtered.
type StatsQuery struct {
	InTeam, InChannel              string
	IncludeDeleted, IncludeBots    bool
	Roles, TeamRoles, ChannelRoles []string
}

// UsersStatsFiltered counts accounts for who may read the user management.
func (d *Directory) UsersStatsFiltered(ctx context.Context, who *core.Caller, q StatsQuery) (*muster.UsersStats, error) {
	if err := d.core.RequireSystem(ctx, who, muster.PermReadUserManagementUsers); err != nil {
		return nil, err
	}
	for param, names := range map[string][]string{"roles": q.Roles, "teamRoles": q.TeamRoles, "channelRoles": q.ChannelRoles} {
		if !muster.ValidRoleNames(strings.Join(names, " ")) {
			return nil, muster.InvalidParam(param)
		}
	}
	roles, _, err := d.core.RolesByName(ctx)
	if err != nil {
		return nil, err
	}
	// Well-formed names that no role has don't narrow the count (recorded behaviour).
	known := func(names []string) []string {
		return slices.DeleteFunc(names, func(n string) bool { return roles[n] == nil })
	}
	viewer, err := d.core.Viewer(ctx, who)
	if err != nil {
		return nil, err
	}
	n, err := d.store.CountUsers(ctx, store.UserFilter{
		InTeam: q.InTeam, InChannel: q.InChannel, Active: !q.IncludeDeleted, ExcludeBots: !q.IncludeBots,
		Roles: known(q.Roles), TeamRoles: known(q.TeamRoles), ChannelRoles: known(q.ChannelRoles), Viewer: viewer,
	})
	return &muster.UsersStats{TotalUsersCount: n}, err
}
