package teams

import (
	"context"
	"crypto/sha1" //nolint:gosec // a name, not a secret: clients compute the same one
	"encoding/hex"
	"slices"
	"strings"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const noChannel = "app.channel.get.existing.app_error"

// CreateChannel makes a public or private channel of a team, with the caller as its administrator.
// Kinds: Invalid, Forbidden.
func (t *Teams) CreateChannel(ctx context.Context, who *core.Caller, in *muster.Channel) (*muster.Channel, error) {
	p := muster.PermCreatePublicChannel
	switch in.Type {
	case muster.ChannelPublic:
	case muster.ChannelPrivate:
		p = muster.PermCreatePrivateChannel
	case muster.ChannelDirect:
		return nil, muster.E(muster.Invalid, "api.channel.create_channel.direct_channel.app_error")
	default:
		return nil, muster.E(muster.Invalid, "model.channel.is_valid.type.app_error")
	}
	if err := t.core.RequireTeam(ctx, who, in.TeamID, p); err != nil {
		return nil, err
	}
	team, err := t.TeamByID(ctx, in.TeamID)
	if err != nil {
		return nil, err
	}
	if team.DeleteAt != 0 {
		return nil, muster.E(muster.NotFound, noTeam)
	}
	now := t.core.Now()
	ch := &muster.Channel{
		ID: muster.NewID(), CreateAt: now, UpdateAt: now, TeamID: in.TeamID, Type: in.Type, DisplayName: strings.TrimSpace(in.DisplayName),
		Name: muster.NormalizeName(in.Name), Header: in.Header, Purpose: in.Purpose, CreatorID: who.ID(), GroupConstrained: in.GroupConstrained,
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	err = t.store.WriteGrowing(ctx, func(tx *store.Tx) error {
		if err := tx.LockUsers(ctx, who.ID()); err != nil {
			return err
		}
		if err := tx.InsertChannel(ctx, ch); err != nil {
			return err
		}
		if who.User != nil { // over the local socket nobody joins
			m := newChannelMember(ch.ID, who.ID())
			m.SchemeAdmin = true // unless it is a guest
			if _, err := tx.JoinChannel(ctx, m); err != nil {
				return err
			}
		}
		if err := tx.TouchChannel(ctx, ch.ID); err != nil {
			return err
		}
		tx.Publish(muster.Event{
			Name: muster.EventChannelCreated, Data: map[string]any{"channel_id": ch.ID, "team_id": ch.TeamID}, Audience: muster.Audience{UserID: who.ID()},
		})
		return tx.Audit(ctx, t.core.AuditSelf(who, "channel_id="+ch.ID))
	})
	if err != nil {
		return nil, err
	}
	return ch, nil
}

func newChannelMember(channelID, userID string) *muster.ChannelMember {
	return &muster.ChannelMember{ChannelID: channelID, UserID: userID, NotifyProps: muster.DefaultChannelNotifyProps()}
}

// CreateDirectChannel returns the one channel of two people and creates it if there is none. The caller is one of them or manages the system.
func (t *Teams) CreateDirectChannel(ctx context.Context, who *core.Caller, userIDs []string) (*muster.Channel, error) {
	if len(userIDs) != 2 || !muster.ValidID(userIDs[0]) || !muster.ValidID(userIDs[1]) {
		return nil, muster.InvalidParam("user_ids")
	}
	if err := t.core.RequireSystem(ctx, who, muster.PermCreateDirectChannel); err != nil {
		return nil, err
	}
	if !slices.Contains(userIDs, who.ID()) {
		if err := t.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
			return nil, err
		}
	}
	ids := slices.Sorted(slices.Values(userIDs))
	ch := t.peopleChannel(muster.ChannelDirect, ids[0]+"__"+ids[1])
	ch.CreatorID, ch.Shared = who.ID(), new(bool)
	return t.createPeopleChannel(ctx, who, ch, slices.Compact(ids), muster.EventDirectAdded)
}

// CreateGroupChannel returns the one channel of three to eight people, the caller included, and creates it if there is none.
func (t *Teams) CreateGroupChannel(ctx context.Context, who *core.Caller, userIDs []string) (*muster.Channel, error) {
	ids := slices.Clone(userIDs)
	if !slices.Contains(ids, who.ID()) && !who.Local() {
		ids = append(ids, who.ID())
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) < muster.GroupChannelMinUsers || len(ids) > muster.GroupChannelMaxUsers {
		return nil, muster.E(muster.Invalid, "api.channel.create_group.bad_size.app_error")
	}
	for _, id := range ids {
		if !muster.ValidID(id) {
			return nil, muster.InvalidParam("user_id")
		}
	}
	if err := t.core.RequireSystem(ctx, who, muster.PermCreateGroupChannel); err != nil {
		return nil, err
	}
	sum := sha1.Sum([]byte(strings.Join(ids, "")))
	return t.createPeopleChannel(ctx, who, t.peopleChannel(muster.ChannelGroup, hex.EncodeToString(sum[:])), ids, muster.EventGroupAdded)
}

func (t *Teams) peopleChannel(kind, name string) *muster.Channel {
	now := t.core.Now()
	return &muster.Channel{ID: muster.NewID(), CreateAt: now, UpdateAt: now, Type: kind, Name: name}
}

// createPeopleChannel stores a direct or group channel, or finds the one that these people have.
func (t *Teams) createPeopleChannel(ctx context.Context, who *core.Caller, ch *muster.Channel, ids []string, event string) (*muster.Channel, error) {
	var names []string
	for _, id := range ids {
		if err := t.core.RequireView(ctx, who, id); err != nil {
			return nil, err
		}
		u, err := t.core.User(ctx, id)
		if muster.IsKind(err, muster.NotFound) {
			return nil, muster.InvalidParam("user_id", err)
		}
		if err != nil {
			return nil, err
		}
		names = append(names, u.Username)
	}
	if ch.Type == muster.ChannelGroup {
		slices.Sort(names)
		ch.DisplayName = strings.Join(names, ", ")
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	var created *muster.Channel
	err := t.store.WriteGrowing(ctx, func(tx *store.Tx) error {
		if err := tx.LockUsers(ctx, ids...); err != nil {
			return err
		}
		var isNew bool
		var err error
		if created, isNew, err = tx.DirectOrGroupChannel(ctx, ch); err != nil || !isNew {
			return err
		}
		for _, id := range ids {
			if _, err := tx.JoinChannel(ctx, newChannelMember(ch.ID, id)); err != nil {
				return err
			}
			tx.Publish(muster.Event{Name: event, Data: map[string]any{"channel_id": ch.ID}, Audience: muster.Audience{UserID: id}})
		}
		return tx.Audit(ctx, t.core.AuditSelf(who, "channel_id="+ch.ID))
	})
	if err != nil {
		return nil, err
	}
	return created, nil
}

// ChannelByID reads a channel; kind NotFound. Whether the caller may know of it is the use case's to decide.
func (t *Teams) ChannelByID(ctx context.Context, id string) (*muster.Channel, error) {
	ch, err := t.store.Channel(ctx, id)
	return ch, core.Missing(err, muster.NotFound, noChannel)
}

// Channel returns a channel to its members and, if it is public, to the members of its team. Kinds: Forbidden, NotFound.
func (t *Teams) Channel(ctx context.Context, who *core.Caller, id string) (*muster.Channel, error) {
	ch, err := t.ChannelByID(ctx, id)
	if err != nil {
		return nil, err
	}
	return ch, t.requireReadChannel(ctx, who, ch)
}

func (t *Teams) requireReadChannel(ctx context.Context, who *core.Caller, ch *muster.Channel) error {
	if ch.Type == muster.ChannelPublic {
		if ok, err := t.core.CanTeam(ctx, who, ch.TeamID, muster.PermReadPublicChannel); ok || err != nil {
			return err
		}
	}
	return t.core.RequireChannel(ctx, who, ch.ID, muster.PermReadChannel)
}

// ChannelByName is Channel by its team and name. What the caller may not see is not there.
func (t *Teams) ChannelByName(ctx context.Context, who *core.Caller, teamID, name string) (*muster.Channel, error) {
	const unknown = "app.channel.get_by_name.missing.app_error"
	err := error(store.ErrNotFound)
	var ch *muster.Channel
	if muster.ValidText(name, muster.ChannelNameMaxBytes) {
		ch, err = t.store.ChannelByName(ctx, teamID, muster.NormalizeName(name))
	}
	if err != nil {
		return nil, core.Missing(err, muster.NotFound, unknown)
	}
	err = t.requireReadChannel(ctx, who, ch)
	if muster.IsKind(err, muster.Forbidden) || err == nil && ch.DeleteAt != 0 {
		err = muster.E(muster.NotFound, unknown)
	}
	if err != nil {
		return nil, err
	}
	return ch, nil
}

// PublicChannels returns a page of a team's public channels.
func (t *Teams) PublicChannels(ctx context.Context, who *core.Caller, teamID string, page core.Page) ([]*muster.Channel, error) {
	if err := t.core.RequireTeam(ctx, who, teamID, muster.PermListTeamChannels); err != nil {
		return nil, err
	}
	return t.store.PublicChannels(ctx, teamID, page.Offset(), page.PerPage)
}

// ChannelsOfUser returns the channels of a team, and those without one, that a user is in.
func (t *Teams) ChannelsOfUser(ctx context.Context, who *core.Caller, userID, teamID string) ([]*muster.Channel, error) {
	if err := t.requireReadChannelsOf(ctx, who, userID, teamID); err != nil {
		return nil, err
	}
	return t.store.ChannelsOf(ctx, userID, teamID)
}

func (t *Teams) requireReadChannelsOf(ctx context.Context, who *core.Caller, userID, teamID string) error {
	if err := t.core.RequireEdit(ctx, who, userID); err != nil {
		return err
	}
	return t.core.RequireTeam(ctx, who, teamID, muster.PermViewTeam)
}

// PatchChannel changes a channel's own fields. Kinds: Invalid, Forbidden, NotFound.
func (t *Teams) PatchChannel(ctx context.Context, who *core.Caller, id string, p *muster.ChannelPatch) (*muster.Channel, error) {
	if err := t.requireChangeChannel(ctx, who, id, muster.PermManagePublicChannelProps, muster.PermManagePrivateChannelProps); err != nil {
		return nil, err
	}
	return t.changeChannel(ctx, who, id, func(tx *store.Tx, ch *muster.Channel) error {
		isDefault := ch.Name == muster.DefaultChannel
		ch.Apply(p)
		ch.Name = muster.NormalizeName(ch.Name)
		if isDefault && ch.Name != muster.DefaultChannel {
			return errDefaultChannel
		}
		tx.Publish(muster.Event{Name: muster.EventChannelUpdated, Data: map[string]any{"channel": core.JSONText(ch)}, Audience: muster.Audience{ChannelID: id}})
		return nil
	})
}

// DeleteChannel archives a channel; a team's first one stays.
func (t *Teams) DeleteChannel(ctx context.Context, who *core.Caller, id string) error {
	if err := t.requireChangeChannel(ctx, who, id, muster.PermDeletePublicChannel, muster.PermDeletePrivateChannel); err != nil {
		return err
	}
	_, err := t.changeChannel(ctx, who, id, func(tx *store.Tx, ch *muster.Channel) error {
		if ch.Name == muster.DefaultChannel {
			return errDefaultChannel
		}
		ch.DeleteAt = ch.UpdateAt
		to := muster.Audience{TeamID: ch.TeamID}
		if ch.Type == muster.ChannelPrivate {
			to = muster.Audience{ChannelID: id} // others don't know that there was one
		}
		tx.Publish(muster.Event{Name: muster.EventChannelDeleted, Data: map[string]any{"channel_id": id, "delete_at": ch.DeleteAt}, Audience: to})
		return nil
	})
	return err
}

// RestoreChannel brings an archived channel back, which takes manage_team. One that is not archived is kind Invalid: the answer would show a private
// channel to those who may not read it.
func (t *Teams) RestoreChannel(ctx context.Context, who *core.Caller, id string) (*muster.Channel, error) {
	ch, err := t.ChannelByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := t.core.RequireChannel(ctx, who, id, muster.PermManageTeam); err != nil {
		return nil, err
	}
	if ch.DeleteAt == 0 {
		return nil, errNotArchived
	}
	if ch.IsDirectOrGroup() {
		return nil, errNoTeamChannel
	}
	return t.changeChannel(ctx, who, id, func(_ *store.Tx, ch *muster.Channel) error {
		if ch.DeleteAt == 0 {
			return errNotArchived
		}
		ch.DeleteAt = 0
		return nil
	})
}

var (
	errDefaultChannel = muster.E(muster.Invalid, "api.channel.delete_channel.cannot.app_error")
	errNotArchived    = muster.E(muster.Invalid, "api.channel.restore_channel.restored.app_error")
	errNoTeamChannel  = muster.E(muster.Invalid, "api.channel.patch_update_channel.forbidden.app_error")
)

// requireChangeChannel holds that a channel is a team's and that the caller has the permission for it, the one of public or of private channels.
func (t *Teams) requireChangeChannel(ctx context.Context, who *core.Caller, id string, public, private muster.Permission) error {
	ch, err := t.ChannelByID(ctx, id)
	if err != nil {
		return err
	}
	if ch.IsDirectOrGroup() {
		return errNoTeamChannel
	}
	p := public
	if ch.Type == muster.ChannelPrivate {
		p = private
	}
	return t.core.RequireChannel(ctx, who, id, p)
}

// changeChannel has change alter a channel, with it locked, and saves it.
func (t *Teams) changeChannel(ctx context.Context, who *core.Caller, id string, change func(*store.Tx, *muster.Channel) error) (*muster.Channel, error) {
	var ch *muster.Channel
	err := t.store.Write(ctx, func(tx *store.Tx) (err error) {
		if ch, err = tx.ChannelForUpdate(ctx, id); err != nil {
			return core.Missing(err, muster.NotFound, noChannel)
		}
		ch.UpdateAt = t.core.Now()
		if err := change(tx, ch); err != nil {
			return err
		}
		if err := ch.Validate(); err != nil {
			return err
		}
		if err := tx.SaveChannel(ctx, ch); err != nil {
			return err
		}
		return tx.Audit(ctx, t.core.AuditSelf(who, "channel_id="+id))
	})
	if err != nil {
		return nil, err
	}
	return ch, nil
}

// ChannelStats is how many members a channel has. Files and pinned posts are always 0: there are none.
type ChannelStats struct {
	ChannelID       string `json:"channel_id"`
	MemberCount     int64  `json:"member_count"`
	GuestCount      int64  `json:"guest_count"`
	PinnedPostCount int64  `json:"pinnedpost_count"`
	FilesCount      int64  `json:"files_count"`
}

// ChannelStats counts a channel's members.
func (t *Teams) ChannelStats(ctx context.Context, who *core.Caller, id string) (*ChannelStats, error) {
	if _, err := t.Channel(ctx, who, id); err != nil {
		return nil, err
	}
	members, guests, err := t.store.CountChannelMembers(ctx, id)
	return &ChannelStats{ChannelID: id, MemberCount: members, GuestCount: guests}, err
}
