package muster

import "regexp"

// Limits of a Channel's fields (models.json, Channel.limits).
const (
	ChannelNameMaxBytes        = 64
	ChannelDisplayNameMaxRunes = 64
	ChannelHeaderMaxRunes      = 1024
	ChannelPurposeMaxRunes     = 250
)

// Group channels hold this many people, the creator included.
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

// DefaultChannel is the name of the channel that every team begins with.
const DefaultChannel = "town-square"

var channelName = regexp.MustCompile(`^[a-z0-9]+([a-z\-\_0-9]+|(__)?)[a-z0-9]*$`)

// Channel is a place for some of a team's members, or for two to eight people without a team.
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

// ChannelPatch names the fields of a channel to change; nil leaves a field as it is.
type ChannelPatch struct {
	DisplayName      *string `json:"display_name,omitempty"`
	Name             *string `json:"name,omitempty"`
	Header           *string `json:"header,omitempty"`
	Purpose          *string `json:"purpose,omitempty"`
	GroupConstrained *bool   `json:"group_constrained,omitempty"`
}

// ChannelMember ties a user to a channel. Roles is what the flags and ExplicitRoles amount to.
// The counters of messages are always 0, for there are no posts; being added by somebody else is one mention.
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

// ChannelMemberWithTeamData is a membership together with the channel's team; blank for direct and group channels.
type ChannelMemberWithTeamData struct {
	ChannelMember
	TeamDisplayName string `json:"team_display_name"`
	TeamName        string `json:"team_name"`
	TeamUpdateAt    int64  `json:"team_update_at"`
}

// DefaultChannelNotifyProps is what a new membership starts with.
func DefaultChannelNotifyProps() map[string]string {
	return map[string]string{
		"desktop": "default", "mark_unread": "all", "push": "default", "email": "default",
		"ignore_channel_mentions": "default", "channel_auto_follow_threads": "off",
	}
}

// IsDirectOrGroup tells whether the channel belongs to its people and not to a team.
func (c *Channel) IsDirectOrGroup() bool { return c.Type == ChannelDirect || c.Type == ChannelGroup }

// Validate checks every field against the reference limits; kind Invalid.
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

// Apply writes the patch's fields over c's.
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

// SetGuest makes the membership what its account is, a guest's or a full member's. A guest holds no role besides.
func (m *ChannelMember) SetGuest(guest bool) {
	m.SchemeGuest, m.SchemeUser = guest, !guest
	if guest {
		m.SchemeAdmin, m.ExplicitRoles = false, ""
	}
	m.ResolveRoles()
}

// ResolveRoles fills Roles from the flags and the explicit roles.
func (m *ChannelMember) ResolveRoles() {
	m.Roles = schemeRoles(m.SchemeGuest, m.SchemeUser, m.SchemeAdmin, RoleChannelGuest, RoleChannelUser, RoleChannelAdmin, m.ExplicitRoles)
}
