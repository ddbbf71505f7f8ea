package store

import (
	"context"
	"errors"
	"fmt"

	"muster"
)

const channelColumns = `c.id, c.create_at, c.update_at, c.delete_at, COALESCE(c.team_id, ''), c.type, c.display_name, c.name, c.header, c.purpose,
	c.last_post_at, c.creator_id, c.group_constrained`

func scanChannel(r scanner) (*muster.Channel, error) {
	c := &muster.Channel{}
	err := r.Scan(&c.ID, &c.CreateAt, &c.UpdateAt, &c.DeleteAt, &c.TeamID, &c.Type, &c.DisplayName, &c.Name, &c.Header, &c.Purpose,
		&c.LastPostAt, &c.CreatorID, &c.GroupConstrained)
	c.LastRootPostAt = c.LastPostAt
	if c.Type == muster.ChannelDirect {
		c.Shared = new(bool)
	}
	return c, noRow(err)
}

// CreateChannel inserts a channel with its first members. When a direct or group channel of the same people is
// there already it gives that one; a taken name in a team is store.sql_channel.save_channel.exists.app_error, kind Invalid.
func (s *Store) CreateChannel(ctx context.Context, ch *muster.Channel, members []*muster.ChannelMember, audits ...*muster.Audit) (created *muster.Channel, isNew bool, err error) {
	err = s.WriteGrowing(ctx, func(t *Tx) error {
		accounts, err := t.lockUsers(ctx, userIDsOf(members)...)
		if err != nil {
			return err
		}
		if isNew, err = t.insertChannel(ctx, ch); err != nil {
			return err
		}
		if !isNew {
			created, err = scanChannel(t.queryRow(ctx, "SELECT "+channelColumns+" FROM channels c WHERE c.team_id IS NULL AND c.name = ?", ch.Name))
			if errors.Is(err, ErrNotFound) {
				return muster.E(muster.Invalid, "store.sql_channel.save_channel.exists.app_error")
			}
			return err
		}
		created = ch
		for _, m := range members {
			if _, err := t.insertChannelMember(ctx, m, accounts); err != nil {
				return err
			}
		}
		if !ch.IsDirectOrGroup() {
			if err := t.stampChannel(ctx, ch.ID); err != nil {
				return err
			}
		}
		return t.saveAudits(ctx, audits)
	})
	return created, isNew, err
}

func (t *Tx) insertChannel(ctx context.Context, c *muster.Channel) (isNew bool, err error) {
	var team any
	if c.TeamID != "" {
		team = c.TeamID
	}
	n, err := t.exec(ctx, `INSERT INTO channels (id, create_at, update_at, delete_at, team_id, type, display_name, name, header, purpose, last_post_at, creator_id, group_constrained)
		VALUES (`+placeholders(13)+`) ON CONFLICT DO NOTHING`,
		c.ID, c.CreateAt, c.UpdateAt, c.DeleteAt, team, c.Type, c.DisplayName, c.Name, c.Header, c.Purpose, c.LastPostAt, c.CreatorID, c.GroupConstrained)
	if err != nil {
		return false, fmt.Errorf("insert channel: %w", err)
	}
	return n == 1, nil
}

// stampChannel notes a change of members where the reference server would post about it: clients sort by that time.
func (t *Tx) stampChannel(ctx context.Context, id string) error {
	_, err := t.exec(ctx, "UPDATE channels SET last_post_at = ? WHERE id = ?", t.now, id)
	return err
}

// Channel reads a channel by id, archived or not.
func (s *Store) Channel(ctx context.Context, id string) (*muster.Channel, error) {
	return scanChannel(s.queryRow(ctx, "SELECT "+channelColumns+" FROM channels c WHERE c.id = ?", id))
}

// ChannelByName reads a team's channel by name.
func (s *Store) ChannelByName(ctx context.Context, teamID, name string) (*muster.Channel, error) {
	return scanChannel(s.queryRow(ctx, "SELECT "+channelColumns+" FROM channels c WHERE c.team_id = ? AND c.name = ?", teamID, name))
}

// PublicChannels gives a page of a team's public channels by display name.
func (s *Store) PublicChannels(ctx context.Context, teamID string, offset, limit int) ([]*muster.Channel, error) {
	rows, err := s.query(ctx, "SELECT "+channelColumns+" FROM channels c WHERE c.team_id = ? AND c.type = ? AND c.delete_at = 0 ORDER BY c.display_name, c.id LIMIT ? OFFSET ?",
		teamID, muster.ChannelPublic, limit, offset)
	return collect(rows, err, scanChannel)
}

// ChannelsOf gives the channels of a team that a user is in, and the user's direct and group channels.
func (s *Store) ChannelsOf(ctx context.Context, userID, teamID string) ([]*muster.Channel, error) {
	rows, err := s.query(ctx, "SELECT "+channelColumns+` FROM channels c JOIN channel_members m ON m.channel_id = c.id
		WHERE m.user_id = ? AND (c.team_id = ? OR c.team_id IS NULL) AND c.delete_at = 0 ORDER BY c.display_name, c.id`, userID, teamID)
	return collect(rows, err, scanChannel)
}

// UpdateChannel changes a channel and gives it as it is then; errors as CreateChannel's.
func (s *Store) UpdateChannel(ctx context.Context, id string, apply func(*muster.Channel) error, audits ...*muster.Audit) (ch *muster.Channel, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		if ch, err = scanChannel(t.queryRow(ctx, "SELECT "+channelColumns+" FROM channels c WHERE c.id = ?"+t.s.dialect.forUpdate(), id)); err != nil {
			return err
		}
		if err := apply(ch); err != nil {
			return err
		}
		_, err := scanString(t.queryRow(ctx, "SELECT id FROM channels WHERE team_id = ? AND name = ? AND id <> ?", ch.TeamID, ch.Name, id))
		if err == nil {
			return muster.E(muster.Invalid, "store.sql_channel.save_channel.exists.app_error")
		}
		if !errors.Is(noRow(err), ErrNotFound) {
			return fmt.Errorf("look for the name: %w", err)
		}
		_, err = t.exec(ctx, `UPDATE channels SET update_at = ?, delete_at = ?, display_name = ?, name = ?, header = ?, purpose = ?, group_constrained = ? WHERE id = ?`,
			ch.UpdateAt, ch.DeleteAt, ch.DisplayName, ch.Name, ch.Header, ch.Purpose, ch.GroupConstrained, id)
		if err != nil {
			return fmt.Errorf("update channel: %w", err)
		}
		return t.saveAudits(ctx, audits)
	})
	return ch, err
}
