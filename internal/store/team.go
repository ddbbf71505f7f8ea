package store

import (
	"context"
	"fmt"

	"muster"
)

const teamColumns = `t.id, t.create_at, t.update_at, t.delete_at, t.display_name, t.name, t.description, t.email, t.type, t.company_name,
	t.allowed_domains, t.invite_id, t.allow_open_invite, t.group_constrained`

func scanTeam(r scanner) (*muster.Team, error) {
	t := &muster.Team{}
	err := r.Scan(&t.ID, &t.CreateAt, &t.UpdateAt, &t.DeleteAt, &t.DisplayName, &t.Name, &t.Description, &t.Email, &t.Type, &t.CompanyName,
		&t.AllowedDomains, &t.InviteID, &t.AllowOpenInvite, &t.GroupConstrained)
	return t, noRow(err)
}

// InsertTeam inserts a team. A taken name is store.sql_team.save_team.existing.app_error, kind Invalid.
func (t *Tx) InsertTeam(ctx context.Context, team *muster.Team) error {
	n, err := t.exec(ctx, `INSERT INTO teams (id, create_at, update_at, delete_at, display_name, name, description, email, type, company_name,
		allowed_domains, invite_id, allow_open_invite, group_constrained) VALUES (`+placeholders(14)+`) ON CONFLICT DO NOTHING`,
		team.ID, team.CreateAt, team.UpdateAt, team.DeleteAt, team.DisplayName, team.Name, team.Description, team.Email, team.Type, team.CompanyName,
		team.AllowedDomains, team.InviteID, team.AllowOpenInvite, team.GroupConstrained)
	if err != nil {
		return fmt.Errorf("insert team: %w", err)
	}
	if n == 0 {
		return muster.E(muster.Invalid, "store.sql_team.save_team.existing.app_error")
	}
	return nil
}

// TeamForUpdate reads a team by id and holds it as it is until the transaction's end; ErrNotFound. Whoever joins a team takes this lock before the
// membership is inserted: the insert takes a weaker lock on the same row, and two transactions that had it would wait for each other.
func (t *Tx) TeamForUpdate(ctx context.Context, id string) (*muster.Team, error) {
	return scanTeam(t.queryRow(ctx, "SELECT "+teamColumns+" FROM teams t WHERE t.id = ?"+t.s.dialect.forUpdate(), id))
}

// SaveTeam writes a team that TeamForUpdate read. Its name stays.
func (t *Tx) SaveTeam(ctx context.Context, team *muster.Team) error {
	_, err := t.exec(ctx, `UPDATE teams SET update_at = ?, delete_at = ?, display_name = ?, description = ?, email = ?, type = ?, company_name = ?,
		allowed_domains = ?, invite_id = ?, allow_open_invite = ?, group_constrained = ? WHERE id = ?`,
		team.UpdateAt, team.DeleteAt, team.DisplayName, team.Description, team.Email, team.Type, team.CompanyName,
		team.AllowedDomains, team.InviteID, team.AllowOpenInvite, team.GroupConstrained, team.ID)
	if err != nil {
		return fmt.Errorf("update team: %w", err)
	}
	return nil
}

// Team reads a team by id, archived or not.
func (s *Store) Team(ctx context.Context, id string) (*muster.Team, error) {
	return s.teamWhere(ctx, "t.id = ?", id)
}

// TeamByName reads a team by name.
func (s *Store) TeamByName(ctx context.Context, name string) (*muster.Team, error) {
	return s.teamWhere(ctx, "t.name = ?", name)
}

// TeamByInviteID reads a team by the id in its invite link.
func (s *Store) TeamByInviteID(ctx context.Context, id string) (*muster.Team, error) {
	return s.teamWhere(ctx, "t.invite_id = ?", id)
}

func (s *Store) teamWhere(ctx context.Context, where, arg string) (*muster.Team, error) {
	return scanTeam(s.queryRow(ctx, "SELECT "+teamColumns+" FROM teams t WHERE "+where, arg))
}

// TeamFilter selects the teams of a list: open and closed ones by flag, and Member's own. Archived teams are never listed.
type TeamFilter struct {
	Open, Closed bool
	Member       string // user id
}

func (f TeamFilter) condition() *condition {
	c := &condition{}
	c.add("t.delete_at = 0")
	c.add("((t.allow_open_invite AND ?) OR (NOT t.allow_open_invite AND ?) OR EXISTS (SELECT 1 FROM team_members m WHERE m.team_id = t.id AND m.user_id = ? AND m.delete_at = 0))",
		f.Open, f.Closed, f.Member)
	return c
}

// Teams returns a page of teams by display name.
func (s *Store) Teams(ctx context.Context, f TeamFilter, offset, limit int) ([]*muster.Team, error) {
	c := f.condition()
	rows, err := s.query(ctx, "SELECT "+teamColumns+" FROM teams t"+c.where()+" ORDER BY t.display_name, t.id LIMIT ? OFFSET ?", append(c.args, limit, offset)...)
	return collect(rows, err, scanTeam)
}

// CountTeams counts the teams that Teams returns without a limit.
func (s *Store) CountTeams(ctx context.Context, f TeamFilter) (n int64, err error) {
	c := f.condition()
	return n, s.queryRow(ctx, "SELECT count(*) FROM teams t"+c.where(), c.args...).Scan(&n)
}
