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

var errChannelName = muster.E(muster.Invalid, "store.sql_channel.save_channel.exists.app_error")

// InsertChannel inserts a team's channel. A taken name is store.sql_channel.save_channel.exists.app_error, kind Invalid.
func (t *Tx) InsertChannel(ctx context.Context, c *muster.Channel) error {
	inserted, err := t.insertChannel(ctx, c)
	if err == nil && !inserted {
		err = errChannelName
	}
	return err
}

// DirectOrGroupChannel inserts a direct or group channel unless its users have one, which has the same name; it returns the one that there is then.
func (t *Tx) DirectOrGroupChannel(ctx context.Context, c *muster.Channel) (ch *muster.Channel, isNew bool, err error) {
	inserted, err := t.insertChannel(ctx, c)
	if err != nil || inserted {
		return c, inserted, err
	}
	ch, err = scanChannel(t.queryRow(ctx, "SELECT "+channelColumns+" FROM channels c WHERE c.team_id IS NULL AND c.name = ?", c.Name))
	if errors.Is(err, ErrNotFound) {
		err = errChannelName
	}
	return ch, false, err
}

func (t *Tx) insertChannel(ctx context.Context, c *muster.Channel) (inserted bool, err error) {
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

// TouchChannel sets the time of a channel's last post to now. The reference server posts about a change of members, and clients sort by that time.
func (t *Tx) TouchChannel(ctx context.Context, id string) error {
	if _, err := t.exec(ctx, "UPDATE channels SET last_post_at = ? WHERE id = ?", t.now, id); err != nil {
		return fmt.Errorf("touch channel: %w", err)
	}
	return nil
}

// ChannelForUpdate reads a channel by id and holds it as it is until the transaction's end; ErrNotFound.
func (t *Tx) ChannelForUpdate(ctx context.Context, id string) (*muster.Channel, error) {
	return scanChannel(t.queryRow(ctx, "SELECT "+channelColumns+" FROM channels c WHERE c.id = ?"+t.s.dialect.forUpdate(), id))
}

// ChannelByName reads a team's channel by name, archived or not; ErrNotFound.
func (t *Tx) ChannelByName(ctx context.Context, teamID, name string) (*muster.Channel, error) {
	return channelByName(ctx, t.queryRow, teamID, name)
}

// SaveChannel writes a channel that ChannelForUpdate read. A taken name is refused as in InsertChannel.
func (t *Tx) SaveChannel(ctx context.Context, c *muster.Channel) error {
	_, err := scanString(t.queryRow(ctx, "SELECT id FROM channels WHERE team_id = ? AND name = ? AND id <> ?", c.TeamID, c.Name, c.ID))
	if err == nil {
		return errChannelName
	}
	if !errors.Is(noRow(err), ErrNotFound) {
		return fmt.Errorf("look for the name: %w", err)
	}
	_, err = t.exec(ctx, `UPDATE channels SET update_at = ?, delete_at = ?, display_name = ?, name = ?, header = ?, purpose = ?, group_constrained = ? WHERE id = ?`,
		c.UpdateAt, c.DeleteAt, c.DisplayName, c.Name, c.Header, c.Purpose, c.GroupConstrained, c.ID)
	if err != nil {
		return fmt.Errorf("update channel: %w", err)
	}
	return nil
}

// Channel reads a channel by id, archived or not.
func (s *Store) Channel(ctx context.Context, id string) (*muster.Channel, error) {
	return scanChannel(s.queryRow(ctx, "SELECT "+channelColumns+" FROM channels c WHERE c.id = ?", id))
}

// ChannelByName reads a team's channel by name, archived or not; ErrNotFound.
func (s *Store) ChannelByName(ctx context.Context, teamID, name string) (*muster.Channel, error) {
	return channelByName(ctx, s.queryRow, teamID, name)
}

func channelByName(ctx context.Context, query rowQuery, teamID, name string) (*muster.Channel, error) {
	return scanChannel(query(ctx, "SELECT "+channelColumns+" FROM channels c WHERE c.team_id = ? AND c.name = ?", teamID, name))
}

// PublicChannels returns a page of a team's public channels by display name.
func (s *Store) PublicChannels(ctx context.Context, teamID string, offset, limit int) ([]*muster.Channel, error) {
	rows, err := s.query(ctx, "SELECT "+channelColumns+" FROM channels c WHERE c.team_id = ? AND c.type = ? AND c.delete_at = 0 ORDER BY c.display_name, c.id LIMIT ? OFFSET ?",
		teamID, muster.ChannelPublic, limit, offset)
	return collect(rows, err, scanChannel)
}

// ChannelsOf returns the channels of a team that a user is in, and the user's direct and group channels.
func (s *Store) ChannelsOf(ctx context.Context, userID, teamID string) ([]*muster.Channel, error) {
	rows, err := s.query(ctx, "SELECT "+channelColumns+` FROM channels c JOIN channel_members m ON m.channel_id = c.id
		WHERE m.user_id = ? AND (c.team_id = ? OR c.team_id IS NULL) AND c.delete_at = 0 ORDER BY c.display_name, c.id`, userID, teamID)
	return collect(rows, err, scanChannel)
}
