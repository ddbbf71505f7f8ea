package app

import (
	"context"
	"crypto/sha1" //nolint:gosec // a name, not a secret: clients compute the same one
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"muster"
	"muster/internal/store"
)

const noChannel = "app.channel.get.existing.app_error"

// CreateChannel makes a public or private channel of a team, with the caller as its administrator.
// Kinds: Invalid, Forbidden.
func (a *App) CreateChannel(ctx context.Context, who *Caller, in *muster.Channel) (*muster.Channel, error) {
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
	if err := a.requireTeam(ctx, who, in.TeamID, p); err != nil {
		return nil, err
	}
	team, err := a.team(ctx, in.TeamID)
	if err != nil {
		return nil, err
	}
	if team.DeleteAt != 0 {
		return nil, muster.E(muster.NotFound, "app.team.get.find.app_error")
	}
	now := a.now()
	ch := &muster.Channel{
		ID: muster.NewID(), CreateAt: now, UpdateAt: now, TeamID: in.TeamID, Type: in.Type, DisplayName: strings.TrimSpace(in.DisplayName),
		Name: muster.FoldName(in.Name), Header: in.Header, Purpose: in.Purpose, CreatorID: who.ID(), GroupConstrained: in.GroupConstrained,
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
	created, _, err := a.store.CreateChannel(ctx, ch, members, a.auditSelf(who, "channel_id="+ch.ID))
	if err != nil {
		return nil, err
	}
	a.publish(muster.EventChannelCreated, map[string]any{"channel_id": ch.ID, "team_id": ch.TeamID}, muster.Audience{UserID: who.ID()})
	return created, nil
}

func newChannelMember(channelID string, u *muster.User) *muster.ChannelMember {
	return &muster.ChannelMember{
		ChannelID: channelID, UserID: u.ID, NotifyProps: muster.DefaultChannelNotifyProps(), SchemeUser: !u.IsGuest(), SchemeGuest: u.IsGuest(),
	}
}

// CreateDirectChannel gives the one channel of two people, making it if need be; needs to be one of them or to manage the system.
func (a *App) CreateDirectChannel(ctx context.Context, who *Caller, userIDs []string) (*muster.Channel, error) {
	if len(userIDs) != 2 || !muster.ValidID(userIDs[0]) || !muster.ValidID(userIDs[1]) {
		return nil, muster.InvalidParam("user_ids")
	}
	if err := a.requireSystem(ctx, who, muster.PermCreateDirectChannel); err != nil {
		return nil, err
	}
	if !slices.Contains(userIDs, who.ID()) {
		if err := a.requireSystem(ctx, who, muster.PermManageSystem); err != nil {
			return nil, err
		}
	}
	ids := slices.Sorted(slices.Values(userIDs))
	ch := a.peopleChannel(muster.ChannelDirect, ids[0]+"__"+ids[1])
	ch.CreatorID, ch.Shared = who.ID(), new(bool)
	return a.createPeopleChannel(ctx, who, ch, slices.Compact(ids), muster.EventDirectAdded)
}

// CreateGroupChannel gives the one channel of three to eight people, the caller among them.
func (a *App) CreateGroupChannel(ctx context.Context, who *Caller, userIDs []string) (*muster.Channel, error) {
	ids := slices.Clone(userIDs)
	if !slices.Contains(ids, who.ID()) && !who.local() {
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
	if err := a.requireSystem(ctx, who, muster.PermCreateGroupChannel); err != nil {
		return nil, err
	}
	sum := sha1.Sum([]byte(strings.Join(ids, "")))
	return a.createPeopleChannel(ctx, who, a.peopleChannel(muster.ChannelGroup, hex.EncodeToString(sum[:])), ids, muster.EventGroupAdded)
}

func (a *App) peopleChannel(kind, name string) *muster.Channel {
	now := a.now()
	return &muster.Channel{ID: muster.NewID(), CreateAt: now, UpdateAt: now, Type: kind, Name: name}
}

// createPeopleChannel stores a direct or group channel, or finds the one that these people have.
func (a *App) createPeopleChannel(ctx context.Context, who *Caller, ch *muster.Channel, ids []string, event string) (*muster.Channel, error) {
	var members []*muster.ChannelMember
	var names []string
	for _, id := range ids {
		if err := a.mayView(ctx, who, id); err != nil {
			return nil, err
		}
		u, err := a.user(ctx, id)
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
	created, isNew, err := a.store.CreateChannel(ctx, ch, members, a.auditSelf(who, "channel_id="+ch.ID))
	if err != nil || !isNew {
		return created, err
	}
	for _, id := range ids {
		a.publish(event, map[string]any{"channel_id": ch.ID}, muster.Audience{UserID: id})
	}
	return created, nil
}

func (a *App) channel(ctx context.Context, id string) (*muster.Channel, error) {
	ch, err := a.store.Channel(ctx, id)
	return ch, missing(err, muster.NotFound, noChannel)
}

// Channel gives a channel to its members and, if it is public, to its team. Kinds: Forbidden, NotFound.
func (a *App) Channel(ctx context.Context, who *Caller, id string) (*muster.Channel, error) {
	ch, err := a.channel(ctx, id)
	if err != nil {
		return nil, err
	}
	return ch, a.mayReadChannel(ctx, who, ch)
}

func (a *App) mayReadChannel(ctx context.Context, who *Caller, ch *muster.Channel) error {
	if ch.Type == muster.ChannelPublic {
		if ok, err := a.canTeam(ctx, who, ch.TeamID, muster.PermReadPublicChannel); ok || err != nil {
			return err
		}
	}
	return a.requireChannel(ctx, who, ch.ID, muster.PermReadChannel)
}

// ChannelByName is Channel by its team and name. What the caller may not see is not there.
func (a *App) ChannelByName(ctx context.Context, who *Caller, teamID, name string) (*muster.Channel, error) {
	const unknown = "app.channel.get_by_name.missing.app_error"
	err := error(store.ErrNotFound)
	var ch *muster.Channel
	if muster.ValidText(name, muster.ChannelNameMaxBytes) {
		ch, err = a.store.ChannelByName(ctx, teamID, muster.FoldName(name))
	}
	if err != nil {
		return nil, missing(err, muster.NotFound, unknown)
	}
	err = a.mayReadChannel(ctx, who, ch)
	if muster.IsKind(err, muster.Forbidden) || err == nil && ch.DeleteAt != 0 {
		err = muster.E(muster.NotFound, unknown)
	}
	if err != nil {
		return nil, err
	}
	return ch, nil
}

// PublicChannels gives a page of a team's public channels.
func (a *App) PublicChannels(ctx context.Context, who *Caller, teamID string, page Page) ([]*muster.Channel, error) {
	if err := a.requireTeam(ctx, who, teamID, muster.PermListTeamChannels); err != nil {
		return nil, err
	}
	return a.store.PublicChannels(ctx, teamID, page.Offset(), page.PerPage)
}

// ChannelsOfUser gives the channels of a team, and those without one, that a user is in.
func (a *App) ChannelsOfUser(ctx context.Context, who *Caller, userID, teamID string) ([]*muster.Channel, error) {
	if err := a.mayReadChannelsOf(ctx, who, userID, teamID); err != nil {
		return nil, err
	}
	return a.store.ChannelsOf(ctx, userID, teamID)
}

func (a *App) mayReadChannelsOf(ctx context.Context, who *Caller, userID, teamID string) error {
	if err := a.mayEdit(ctx, who, userID); err != nil {
		return err
	}
	return a.requireTeam(ctx, who, teamID, muster.PermViewTeam)
}

// PatchChannel changes a channel's own fields. Kinds: Invalid, Forbidden, NotFound.
func (a *App) PatchChannel(ctx context.Context, who *Caller, id string, p *muster.ChannelPatch) (*muster.Channel, error) {
	ch, err := a.changeChannel(ctx, who, id, muster.PermManagePublicChannelProps, muster.PermManagePrivateChannelProps, func(c *muster.Channel) { c.Apply(p) })
	if err != nil {
		return nil, err
	}
	a.publish(muster.EventChannelUpdated, map[string]any{"channel": jsonText(ch)}, muster.Audience{ChannelID: id})
	return ch, nil
}

// DeleteChannel archives a channel; a team's first one stays.
func (a *App) DeleteChannel(ctx context.Context, who *Caller, id string) error {
	ch, err := a.changeChannel(ctx, who, id, muster.PermDeletePublicChannel, muster.PermDeletePrivateChannel, func(c *muster.Channel) { c.DeleteAt = a.now() })
	if err != nil {
		return err
	}
	to := muster.Audience{TeamID: ch.TeamID}
	if ch.Type == muster.ChannelPrivate {
		to = muster.Audience{ChannelID: id} // others don't know that there was one
	}
	a.publish(muster.EventChannelDeleted, map[string]any{"channel_id": id, "delete_at": ch.DeleteAt}, to)
	return nil
}

// RestoreChannel brings an archived channel back; needs manage_team. One that is not archived is kind Invalid: the answer would show a private
// channel to who may not read it.
func (a *App) RestoreChannel(ctx context.Context, who *Caller, id string) (*muster.Channel, error) {
	ch, err := a.channel(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := a.requireChannel(ctx, who, id, muster.PermManageTeam); err != nil {
		return nil, err
	}
	if ch.DeleteAt == 0 {
		return nil, muster.E(muster.Invalid, "api.channel.restore_channel.restored.app_error")
	}
	return a.changeChannel(ctx, who, id, muster.PermManageTeam, muster.PermManageTeam, func(c *muster.Channel) { c.DeleteAt = 0 })
}

var errDefaultChannel = errors.New("the team's first channel stays as it is")

func (a *App) changeChannel(ctx context.Context, who *Caller, id string, public, private muster.Permission, change func(*muster.Channel)) (*muster.Channel, error) {
	ch, err := a.channel(ctx, id)
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
	if err := a.requireChannel(ctx, who, id, p); err != nil {
		return nil, err
	}
	updated, err := a.store.UpdateChannel(ctx, id, func(c *muster.Channel) error {
		wasDefault := c.Name == muster.DefaultChannel
		change(c)
		c.Name = muster.FoldName(c.Name)
		c.UpdateAt = a.now()
		if wasDefault && (c.Name != muster.DefaultChannel || c.DeleteAt != 0) {
			return muster.E(muster.Invalid, "api.channel.delete_channel.cannot.app_error", errDefaultChannel)
		}
		return c.Validate()
	}, a.auditSelf(who, "channel_id="+id))
	return updated, missing(err, muster.NotFound, noChannel)
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
func (a *App) ChannelStats(ctx context.Context, who *Caller, id string) (*ChannelStats, error) {
	if _, err := a.Channel(ctx, who, id); err != nil {
		return nil, err
	}
	members, guests, err := a.store.CountChannelMembers(ctx, id)
	return &ChannelStats{ChannelID: id, MemberCount: members, GuestCount: guests}, err
}
