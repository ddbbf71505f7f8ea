package teams

import (
	"context"
	"crypto/sha1" //nolint:gosec // a name, not a secret: clients compute the same one
	"encoding/hex"
	"errors"
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
		return nil, muster.E(muster.NotFound, "app.team.get.find.app_error")
	}
	now := t.core.Now()
	ch := &muster.Channel{
		ID: muster.NewID(), CreateAt: now, UpdateAt: now, TeamID: in.TeamID, Type: in.Type, DisplayName: strings.TrimSpace(in.DisplayName),
		Name: muster.NormalizeName(in.Name), Header: in.Header, Purpose: in.Purpose, CreatorID: who.ID(), GroupConstrained: in.GroupConstrained,
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	var members []*muster.ChannelMember
	if who.User != nil { // over the local socket nobody joins
		creator := newChannelMember(ch.ID, who.User)
		creator.SchemeAdmin = creator.SchemeUser
		members = append(members, creator)
	}
	created, _, err := t.store.CreateChannel(ctx, ch, members, t.core.AuditSelf(who, "channel_id="+ch.ID))
	if err != nil {
		return nil, err
	}
	t.core.Publish(muster.EventChannelCreated, map[string]any{"channel_id": ch.ID, "team_id": ch.TeamID}, muster.Audience{UserID: who.ID()})
	return created, nil
}

func newChannelMember(channelID string, u *muster.User) *muster.ChannelMember {
	return &muster.ChannelMember{
		ChannelID: channelID, UserID: u.ID, NotifyProps: muster.DefaultChannelNotifyProps(), SchemeUser: !u.IsGuest(), SchemeGuest: u.IsGuest(),
	}
}

// CreateDirectChannel gives the one channel of two people, making it if need be; needs to be one of them or to manage the system.
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

// CreateGroupChannel gives the one channel of three to eight people, the caller among them.
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
	var members []*muster.ChannelMember
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
		members, names = append(members, newChannelMember(ch.ID, u)), append(names, u.Username)
	}
	if ch.Type == muster.ChannelGroup {
		slices.Sort(names)
		ch.DisplayName = strings.Join(names, ", ")
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	created, isNew, err := t.store.CreateChannel(ctx, ch, members, t.core.AuditSelf(who, "channel_id="+ch.ID))
	if err != nil || !isNew {
		return created, err
	}
	for _, id := range ids {
		t.core.Publish(event, map[string]any{"channel_id": ch.ID}, muster.Audience{UserID: id})
	}
	return created, nil
}

// ChannelByID reads a channel; kind NotFound. Whether the caller may know of it is the use case's to decide.
func (t *Teams) ChannelByID(ctx context.Context, id string) (*muster.Channel, error) {
	ch, err := t.store.Channel(ctx, id)
	return ch, core.Missing(err, muster.NotFound, noChannel)
}

// Channel gives a channel to its members and, if it is public, to its team. Kinds: Forbidden, NotFound.
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

// PublicChannels gives a page of a team's public channels.
func (t *Teams) PublicChannels(ctx context.Context, who *core.Caller, teamID string, page core.Page) ([]*muster.Channel, error) {
	if err := t.core.RequireTeam(ctx, who, teamID, muster.PermListTeamChannels); err != nil {
		return nil, err
	}
	return t.store.PublicChannels(ctx, teamID, page.Offset(), page.PerPage)
}

// ChannelsOfUser gives the channels of a team, and those without one, that a user is in.
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
	ch, err := t.changeChannel(ctx, who, id, muster.PermManagePublicChannelProps, muster.PermManagePrivateChannelProps, func(c *muster.Channel) { c.Apply(p) })
	if err != nil {
		return nil, err
	}
	t.core.Publish(muster.EventChannelUpdated, map[string]any{"channel": core.JsonText(ch)}, muster.Audience{ChannelID: id})
	return ch, nil
}

// DeleteChannel archives a channel; a team's first one stays.
func (t *Teams) DeleteChannel(ctx context.Context, who *core.Caller, id string) error {
	ch, err := t.changeChannel(ctx, who, id, muster.PermDeletePublicChannel, muster.PermDeletePrivateChannel, func(c *muster.Channel) { c.DeleteAt = t.core.Now() })
	if err != nil {
		return err
	}
	to := muster.Audience{TeamID: ch.TeamID}
	if ch.Type == muster.ChannelPrivate {
		to = muster.Audience{ChannelID: id} // others don't know that there was one
	}
	t.core.Publish(muster.EventChannelDeleted, map[string]any{"channel_id": id, "delete_at": ch.DeleteAt}, to)
	return nil
}

// RestoreChannel brings an archived channel back; needs manage_team. One that is not archived is kind Invalid: the answer would show a private
// channel to who may not read it.
func (t *Teams) RestoreChannel(ctx context.Context, who *core.Caller, id string) (*muster.Channel, error) {
	ch, err := t.ChannelByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := t.core.RequireChannel(ctx, who, id, muster.PermManageTeam); err != nil {
		return nil, err
	}
	if ch.DeleteAt == 0 {
		return nil, muster.E(muster.Invalid, "api.channel.restore_channel.restored.app_error")
	}
	return t.changeChannel(ctx, who, id, muster.PermManageTeam, muster.PermManageTeam, func(c *muster.Channel) { c.DeleteAt = 0 })
}

var errDefaultChannel = errors.New("the team's first channel stays as it is")

func (t *Teams) changeChannel(ctx context.Context, who *core.Caller, id string, public, private muster.Permission, change func(*muster.Channel)) (*muster.Channel, error) {
	ch, err := t.ChannelByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if ch.IsDirectOrGroup() {
		return nil, muster.E(muster.Invalid, "api.channel.patch_update_channel.forbidden.app_error")
	}
	p := public
	if ch.Type == muster.ChannelPrivate {
		p = private
	}
	if err := t.core.RequireChannel(ctx, who, id, p); err != nil {
		return nil, err
	}
	updated, err := t.store.UpdateChannel(ctx, id, func(c *muster.Channel) error {
		wasDefault := c.Name == muster.DefaultChannel
		change(c)
		c.Name = muster.NormalizeName(c.Name)
		c.UpdateAt = t.core.Now()
		if wasDefault && (c.Name != muster.DefaultChannel || c.DeleteAt != 0) {
			return muster.E(muster.Invalid, "api.channel.delete_channel.cannot.app_error", errDefaultChannel)
		}
		return c.Validate()
	}, t.core.AuditSelf(who, "channel_id="+id))
	return updated, core.Missing(err, muster.NotFound, noChannel)
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
