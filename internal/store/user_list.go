package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"muster"
)

// UserFilter narrows and orders a list of accounts; what is left zero does not narrow.
type UserFilter struct {
	InTeam, NotInTeam, InChannel, NotInChannel string
	InGroup, NotInGroup                        string
	GroupConstrained                           bool // only members of groups linked to NotInChannel, or else NotInTeam
	WithoutTeam                                bool
	Active, Inactive                           bool
	ExcludeBots                                bool
	Role                                       string   // carried among others
	Roles, TeamRoles, ChannelRoles             []string // any of them; see roleFilter
	Viewer                                     string   // only people who share a channel with this account, and itself
	Sort                                       string   // "" by username; create_at, last_activity_at, status, admin, display_name
	Offset, Limit                              int
}

// escapeLike makes a text stand for itself in a LIKE pattern with ESCAPE '!'.
func escapeLike(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text)
}

// condition is a WHERE clause in the making.
type condition struct {
	parts []string
	args  []any
}

func (c *condition) add(sql string, args ...any) {
	c.parts = append(c.parts, sql)
	c.args = append(c.args, args...)
}

func (c *condition) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// smallSet is up to how many members a team or channel is narrowed by listing them first. A larger one is
// narrowed by asking for each user of the directory, in order, whether it belongs: the page is full long before the end.
const smallSet = 5000

const (
	membersOfTeam    = "SELECT user_id FROM team_members WHERE team_id = ? AND delete_at = 0"
	membersOfChannel = "SELECT user_id FROM channel_members WHERE channel_id = ?"
	membersOfGroup   = "SELECT user_id FROM group_members WHERE group_id = ?"
	peopleOfViewer   = "SELECT o.user_id FROM channel_members m JOIN channel_members o ON o.channel_id = m.channel_id WHERE m.user_id = ?"
)

// build turns the filter into SQL about users u. small tells that a set of members will keep the result short.
func (s *Store) build(ctx context.Context, f UserFilter) (c *condition, small bool, err error) {
	c = &condition{}
	for _, set := range []struct{ id, members string }{{f.InTeam, membersOfTeam}, {f.InChannel, membersOfChannel}, {f.InGroup, membersOfGroup}} {
		if set.id == "" {
			continue
		}
		few, err := s.few(ctx, set.members, set.id)
		if err != nil {
			return nil, false, err
		}
		if few {
			c.add("u.id IN ("+set.members+")", set.id)
		} else {
			c.add("EXISTS ("+set.members+" AND user_id = u.id)", set.id)
		}
		small = small || few
	}
	if f.NotInTeam != "" {
		c.add("NOT EXISTS ("+membersOfTeam+" AND user_id = u.id)", f.NotInTeam)
	}
	if f.NotInChannel != "" {
		c.add("NOT EXISTS ("+membersOfChannel+" AND user_id = u.id)", f.NotInChannel)
	}
	if f.NotInGroup != "" {
		c.add("NOT EXISTS ("+membersOfGroup+" AND user_id = u.id)", f.NotInGroup)
	}
	f.addConstraint(c)
	if f.WithoutTeam {
		c.add("NOT EXISTS (SELECT 1 FROM team_members WHERE user_id = u.id AND delete_at = 0)")
	}
	if f.Viewer != "" {
		c.add("(u.id = ? OR u.id IN ("+peopleOfViewer+"))", f.Viewer, f.Viewer)
		small = true
	}
	f.addFlags(c)
	f.addRoles(c)
	return c, small, nil
}

// addConstraint asks for the people who may belong to a group-constrained channel or team: members of its linked groups.
func (f *UserFilter) addConstraint(c *condition) {
	const linked = "EXISTS (SELECT 1 FROM group_members gm JOIN user_groups g ON g.id = gm.group_id AND g.delete_at = 0 JOIN "
	switch {
	case !f.GroupConstrained:
	case f.NotInChannel != "":
		c.add(linked+"group_channels s ON s.group_id = gm.group_id WHERE gm.user_id = u.id AND s.channel_id = ?)", f.NotInChannel)
	case f.NotInTeam != "":
		c.add(linked+"group_teams s ON s.group_id = gm.group_id WHERE gm.user_id = u.id AND s.team_id = ?)", f.NotInTeam)
	}
}

func (f *UserFilter) addFlags(c *condition) {
	if f.Active {
		c.add("u.delete_at = 0")
	}
	if f.Inactive {
		c.add("u.delete_at <> 0")
	}
	if f.ExcludeBots {
		c.add("NOT u.is_bot")
	}
	if f.Role != "" {
		sql, args := hasRole(f.Role)
		c.add(sql, args...)
	}
}

// few reports whether a set has at most smallSet members.
func (s *Store) few(ctx context.Context, members, id string) (bool, error) {
	var n int
	err := s.queryRow(ctx, "SELECT count(*) FROM ("+members+" LIMIT ?) m", id, smallSet+1).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("size of a membership: %w", err)
	}
	return n <= smallSet, nil
}

// hasRole asks whether a system role is among an account's. The few accounts that are not plainly
// system_user have an index of their own.
func hasRole(role string) (string, []any) {
	like := "' ' || u.roles || ' ' LIKE ? ESCAPE '!'"
	if role != muster.RoleSystemUser {
		like = "(u.roles <> 'system_user' AND " + like + ")"
	}
	return like, []any{"% " + escapeLike(role) + " %"}
}

const notAdmin = "' ' || u.roles || ' ' NOT LIKE '% system!_admin %' ESCAPE '!'"

// addRoles asks for any one of the roles, in the reference server's reading: system_user means nothing but that, a team's or
// channel's user is no admin of it, and system administrators count as such only.
func (f *UserFilter) addRoles(c *condition) {
	any := &condition{}
	for _, r := range f.Roles {
		if r == muster.RoleSystemUser {
			any.add("u.roles = 'system_user'")
			continue
		}
		sql, args := hasRole(r)
		any.add(sql, args...)
	}
	f.addMemberRoles(any, f.InTeam, f.TeamRoles, "team_members", "team_id",
		[]string{muster.RoleTeamAdmin, muster.RoleTeamUser, muster.RoleTeamGuest})
	f.addMemberRoles(any, f.InChannel, f.ChannelRoles, "channel_members", "channel_id",
		[]string{muster.RoleChannelAdmin, muster.RoleChannelUser, muster.RoleChannelGuest})
	if len(any.parts) > 0 {
		c.add("("+strings.Join(any.parts, " OR ")+")", any.args...)
	}
}

func (f *UserFilter) addMemberRoles(c *condition, id string, roles []string, table, column string, names []string) {
	if id == "" {
		return
	}
	flags := []string{"r.scheme_admin AND " + notAdmin, "r.scheme_user AND NOT r.scheme_admin AND " + notAdmin, "r.scheme_guest"}
	for _, r := range roles {
		if i := slices.Index(names, r); i >= 0 {
			c.add("EXISTS (SELECT 1 FROM "+table+" r WHERE r."+column+" = ? AND r.user_id = u.id AND "+flags[i]+")", id)
		}
	}
}

// order is the join and the ORDER BY of a sort; every order ends with the username, so that pages are stable.
func (f *UserFilter) order() (join, by string, args []any) {
	const statuses = " LEFT JOIN statuses s ON s.user_id = u.id"
	switch f.Sort {
	case "create_at":
		return "", "u.create_at DESC, u.username", nil
	case "display_name":
		return "", "LOWER(CASE WHEN u.nickname <> '' THEN u.nickname WHEN u.first_name <> '' OR u.last_name <> '' THEN TRIM(u.first_name || ' ' || u.last_name) ELSE u.username END), u.username", nil
	case "last_activity_at":
		return statuses, "COALESCE(s.last_activity_at, 0) DESC, u.username", nil
	case "status":
		return statuses, "CASE s.status WHEN 'online' THEN 1 WHEN 'away' THEN 2 WHEN 'dnd' THEN 3 ELSE 4 END, u.username", nil
	case "admin":
		return " LEFT JOIN channel_members a ON a.user_id = u.id AND a.channel_id = ?", "COALESCE(a.scheme_admin, FALSE) DESC, u.username", []any{f.InChannel}
	}
	return "", "u.username", nil
}

// ListUsers returns a page of accounts. The page's ids come from an index before any whole row is read,
// so that a deep page costs little more than the first.
func (s *Store) ListUsers(ctx context.Context, f UserFilter) ([]*muster.User, error) {
	c, _, err := s.build(ctx, f)
	if err != nil {
		return nil, err
	}
	join, by, args := f.order()
	args = append(append(args, c.args...), f.Limit, f.Offset)
	rows, err := s.query(ctx, "SELECT u.id FROM users u"+join+c.where()+" ORDER BY "+by+" LIMIT ? OFFSET ?", args...)
	ids, err := collect(rows, err, scanString)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return s.usersInOrder(ctx, ids)
}

// CountUsers counts the accounts that ListUsers would give without a limit.
func (s *Store) CountUsers(ctx context.Context, f UserFilter) (n int64, err error) {
	c, _, err := s.build(ctx, f)
	if err != nil {
		return 0, err
	}
	if err := s.queryRow(ctx, "SELECT count(*) FROM users u"+c.where(), c.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return n, nil
}

// idsPerQuery keeps a statement's arguments far below both databases' limits.
const idsPerQuery = 500

// usersInOrder reads accounts by id, in the order of ids; unknown ids are left out.
func (s *Store) usersInOrder(ctx context.Context, ids []string) ([]*muster.User, error) {
	byID := make(map[string]*muster.User, len(ids))
	for chunk := range slices.Chunk(ids, idsPerQuery) {
		rows, err := s.query(ctx, "SELECT "+userColumns+" FROM users u WHERE u.id IN ("+placeholders(len(chunk))+")", toArgs(chunk)...)
		users, err := collect(rows, err, scanUser)
		if err != nil {
			return nil, fmt.Errorf("read users: %w", err)
		}
		for _, u := range users {
			byID[u.ID] = u
		}
	}
	list := make([]*muster.User, 0, len(byID))
	for _, id := range ids {
		if u := byID[id]; u != nil {
			list = append(list, u)
			delete(byID, id)
		}
	}
	return list, nil
}

// UsersByIDs returns the accounts among ids, ordered by username; since > 0 leaves out those unchanged since (Unix ms).
func (s *Store) UsersByIDs(ctx context.Context, ids []string, since int64, viewer string) ([]*muster.User, error) {
	return s.usersWhere(ctx, "u.id", ids, since, viewer)
}

// UsersByUsernames returns the accounts among folded names, ordered by username.
func (s *Store) UsersByUsernames(ctx context.Context, names []string, viewer string) ([]*muster.User, error) {
	return s.usersWhere(ctx, "u.username", names, 0, viewer)
}

func (s *Store) usersWhere(ctx context.Context, column string, values []string, since int64, viewer string) ([]*muster.User, error) {
	values = slices.Clone(values)
	slices.Sort(values)
	list := []*muster.User{}
	for chunk := range slices.Chunk(slices.Compact(values), idsPerQuery) {
		c, _, err := s.build(ctx, UserFilter{Viewer: viewer})
		if err != nil {
			return nil, err
		}
		c.add(column+" IN ("+placeholders(len(chunk))+")", toArgs(chunk)...)
		if since > 0 {
			c.add("u.update_at > ?", since)
		}
		rows, err := s.query(ctx, "SELECT "+userColumns+" FROM users u"+c.where(), c.args...)
		users, err := collect(rows, err, scanUser)
		if err != nil {
			return nil, fmt.Errorf("read users: %w", err)
		}
		list = append(list, users...)
	}
	slices.SortFunc(list, func(a, b *muster.User) int { return strings.Compare(a.Username, b.Username) })
	return list, nil
}

// knownLimit bounds how many acquaintances are told of.
const knownLimit = 100_000

// KnownUserIDs returns the ids of all other users who share a channel with the account.
func (s *Store) KnownUserIDs(ctx context.Context, userID string) ([]string, error) {
	rows, err := s.query(ctx, "SELECT DISTINCT p.user_id FROM ("+peopleOfViewer+") p WHERE p.user_id <> ? LIMIT ?", userID, userID, knownLimit)
	return collect(rows, err, scanString)
}

// VisibleTo reports whether the viewer shares a channel with the account or is it.
func (s *Store) VisibleTo(ctx context.Context, viewer, userID string) (bool, error) {
	if viewer == userID {
		return true, nil
	}
	var n int
	err := s.queryRow(ctx, "SELECT count(*) FROM ("+peopleOfViewer+" AND o.user_id = ? LIMIT 1) p", viewer, userID).Scan(&n)
	return n > 0, err
}

// UsersByGroupChannels gives, for each group channel among channelIDs that the viewer is in, the others in it by username.
func (s *Store) UsersByGroupChannels(ctx context.Context, viewer string, channelIDs []string) (map[string][]*muster.User, error) {
	out := map[string][]*muster.User{}
	for chunk := range slices.Chunk(channelIDs, idsPerQuery) {
		args := append([]any{muster.ChannelGroup, viewer, viewer}, toArgs(chunk)...)
		rows, err := s.query(ctx, `SELECT c.id, o.user_id FROM channels c JOIN channel_members o ON o.channel_id = c.id
			WHERE c.type = ? AND o.user_id <> ? AND EXISTS (SELECT 1 FROM channel_members m WHERE m.channel_id = c.id AND m.user_id = ?)
			AND c.id IN (`+placeholders(len(chunk))+")", args...)
		pairs, err := collect(rows, err, func(r scanner) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) })
		if err != nil {
			return nil, fmt.Errorf("people of group channels: %w", err)
		}
		if err := s.addPeople(ctx, out, pairs); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// addPeople puts the accounts of (channel, user) pairs into out.
func (s *Store) addPeople(ctx context.Context, out map[string][]*muster.User, pairs [][2]string) error {
	ids := make([]string, len(pairs))
	for i, p := range pairs {
		ids[i] = p[1]
	}
	users, err := s.UsersByIDs(ctx, ids, 0, "")
	if err != nil {
		return err
	}
	for _, u := range users {
		for _, p := range pairs {
			if p[1] == u.ID {
				out[p[0]] = append(out[p[0]], u)
			}
		}
	}
	return nil
}
