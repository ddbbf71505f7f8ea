package muster

import "regexp"

// Limits of a Channel's fields (models.json, Channel.limits).
const (
	ChannelNameMaxBytes        = 64
	ChannelDisplayNameMaxRunes = 64
	ChannelHeaderMaxRunes      = 1024
	ChannelPurposeMaxRunes     = 250
)

// Limits of the number of users in a group channel, including its creator.
const (
	GroupChannelMinUsers = 3
	GroupChannelMaxUsers = 8
)

// Channel types.
const (
	ChannelPublic  = "O"
	ChannelPrivate = "P"
	ChannelDirect  = "D"
	ChannelGroup   = "G"
)

// DefaultChannel is the name of the channel that every team is created with.
const DefaultChannel = "town-square"

var channelName = regexp.MustCompile(`^[a-z0-9]+([a-z\-\_0-9]+|(__)?)[a-z0-9]*$`)

// Channel is a channel of a team, or a direct or group channel of two to eight users. Times are in Unix milliseconds.
type Channel struct {
	ID                string         `json:"id"`
	CreateAt          int64          `json:"create_at"`
	UpdateAt          int64          `json:"update_at"`
	DeleteAt          int64          `json:"delete_at"` // set while archived
	TeamID            string         `json:"team_id"`   // "" for direct and group channels
	Type              string         `json:"type"`
	DisplayName       string         `json:"display_name"`
	Name              string         `json:"name"`
	Header            string         `json:"header"`
	Purpose           string         `json:"purpose"`
	LastPostAt        int64          `json:"last_post_at"`
	TotalMsgCount     int64          `json:"total_msg_count"`
	ExtraUpdateAt     int64          `json:"extra_update_at"`
	CreatorID         string         `json:"creator_id"`
	SchemeID          *string        `json:"scheme_id"`
	Props             map[string]any `json:"props"`
	GroupConstrained  *bool          `json:"group_constrained"`
	Shared            *bool          `json:"shared"`
	TotalMsgCountRoot int64          `json:"total_msg_count_root"`
	PolicyID          *string        `json:"policy_id"`
	LastRootPostAt    int64          `json:"last_root_post_at"`
}

// ChannelPatch holds the fields of a channel to change. Nil leaves a field unchanged.
type ChannelPatch struct {
	DisplayName      *string `json:"display_name,omitempty"`
	Name             *string `json:"name,omitempty"`
	Header           *string `json:"header,omitempty"`
	Purpose          *string `json:"purpose,omitempty"`
	GroupConstrained *bool   `json:"group_constrained,omitempty"`
}

// ChannelMember is a user's membership in a channel. Times are in Unix milliseconds. Roles is derived from the scheme flags and ExplicitRoles.
// Muster has no posts, so the message counters are always 0. Being added by another user counts as one mention.
type ChannelMember struct {
	ChannelID          string            `json:"channel_id"`
	UserID             string            `json:"user_id"`
	Roles              string            `json:"roles"`
	LastViewedAt       int64             `json:"last_viewed_at"`
	MsgCount           int64             `json:"msg_count"`
	MentionCount       int64             `json:"mention_count"`
	MentionCountRoot   int64             `json:"mention_count_root"`
	UrgentMentionCount int64             `json:"urgent_mention_count"`
	MsgCountRoot       int64             `json:"msg_count_root"`
	NotifyProps        map[string]string `json:"notify_props"`
	LastUpdateAt       int64             `json:"last_update_at"`
	SchemeGuest        bool              `json:"scheme_guest"`
	SchemeUser         bool              `json:"scheme_user"`
	SchemeAdmin        bool              `json:"scheme_admin"`
	ExplicitRoles      string            `json:"explicit_roles"`
}

// ChannelMemberWithTeamData is a membership with the channel's team, which is empty for direct and group channels.
type ChannelMemberWithTeamData struct {
	ChannelMember
	TeamDisplayName string `json:"team_display_name"`
	TeamName        string `json:"team_name"`
	TeamUpdateAt    int64  `json:"team_update_at"`
}

// DefaultChannelNotifyProps returns the notification settings of a new membership.
func DefaultChannelNotifyProps() map[string]string {
	return map[string]string{
		"desktop": "default", "mark_unread": "all", "push": "default", "email": "default",
		"ignore_channel_mentions": "default", "channel_auto_follow_threads": "off",
	}
}

// IsDirectOrGroup reports whether the channel is a direct or group channel, which has no team.
func (c *Channel) IsDirectOrGroup() bool { return c.Type == ChannelDirect || c.Type == ChannelGroup }

// Validate checks every field against the reference limits. The error names the first invalid field and is of kind Invalid.
func (c *Channel) Validate() error {
	breaks := func(rule, field string) error {
		return E(Invalid, "model.channel.is_valid."+rule+".app_error", "id", c.ID).On(field)
	}
	bad := func(field string) error { return breaks(field, field) }
	switch {
	case !ValidID(c.ID):
		return bad("id")
	case c.CreateAt == 0:
		return bad("create_at")
	case c.UpdateAt == 0:
		return bad("update_at")
	case !validText(c.DisplayName, ChannelDisplayNameMaxRunes) && c.Type != ChannelGroup:
		return bad("display_name")
	case len(c.Name) > ChannelNameMaxBytes || !channelName.MatchString(c.Name):
		return breaks("1_or_more", "name")
	case c.Type != ChannelPublic && c.Type != ChannelPrivate && c.Type != ChannelDirect && c.Type != ChannelGroup:
		return bad("type")
	case !storable(c.Header) || len([]rune(c.Header)) > ChannelHeaderMaxRunes:
		return bad("header")
	case !storable(c.Purpose) || len([]rune(c.Purpose)) > ChannelPurposeMaxRunes:
		return bad("purpose")
	}
	return nil
}

// Apply sets the fields of c that are set in the patch.
func (c *Channel) Apply(p *ChannelPatch) {
	set := func(to, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&c.DisplayName, p.DisplayName)
	set(&c.Name, p.Name)
	set(&c.Header, p.Header)
	set(&c.Purpose, p.Purpose)
	if p.GroupConstrained != nil {
		v := *p.GroupConstrained
		c.GroupConstrained = &v
	}
}

// SetGuest makes the membership a guest's or a full member's. A guest loses all other roles.
func (m *ChannelMember) SetGuest(guest bool) {
	m.SchemeGuest, m.SchemeUser = guest, !guest
	if guest {
		m.SchemeAdmin, m.ExplicitRoles = false, ""
	}
	m.ResolveRoles()
}

// ResolveRoles sets Roles from the scheme flags and ExplicitRoles.
func (m *ChannelMember) ResolveRoles() {
	m.Roles = schemeRoles(m.SchemeGuest, m.SchemeUser, m.SchemeAdmin, RoleChannelGuest, RoleChannelUser, RoleChannelAdmin, m.ExplicitRoles)
}
