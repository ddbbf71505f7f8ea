package muster

import (
	"regexp"
	"unicode/utf8"
)

// Limits of a Group's fields.
const (
	GroupNameMaxBytes        = 64
	GroupDisplayNameMaxRunes = 128
	GroupDescriptionMaxRunes = 1024
	GroupMembersMax          = 1000 // in one request
)

// Sources of a group: created here, or synchronized with LDAP.
const (
	GroupSourceCustom = "custom"
	GroupSourceLdap   = "ldap"
)

var groupName = regexp.MustCompile(`^[a-z0-9\.\-_]+$`)

// Names that mention everybody. Groups can't have them.
var reservedGroupNames = map[string]bool{"all": true, "channel": true, "here": true}

// Group is a set of users, independent of teams. Times are in Unix milliseconds.
type Group struct {
	ID             string   `json:"id"`
	Name           *string  `json:"name,omitempty"` // for mentions
	DisplayName    string   `json:"display_name"`
	Description    string   `json:"description"`
	Source         string   `json:"source"`
	RemoteID       *string  `json:"remote_id"`
	CreateAt       int64    `json:"create_at"`
	UpdateAt       int64    `json:"update_at"`
	DeleteAt       int64    `json:"delete_at"`     // set while archived
	HasSyncables   bool     `json:"has_syncables"` // linked to a team or channel
	MemberCount    *int     `json:"member_count,omitempty"`
	AllowReference bool     `json:"allow_reference"` // may be mentioned
	MemberIDs      []string `json:"member_ids"`
}

// GroupPatch holds the fields of a group to change. Nil leaves a field unchanged.
type GroupPatch struct {
	Name           *string `json:"name"`
	DisplayName    *string `json:"display_name"`
	Description    *string `json:"description"`
	AllowReference *bool   `json:"allow_reference"`
}

// GroupMember is a user's membership in a group. Times are in Unix milliseconds.
type GroupMember struct {
	GroupID  string `json:"group_id"`
	UserID   string `json:"user_id"`
	CreateAt int64  `json:"create_at"`
	DeleteAt int64  `json:"delete_at"`
}

// What a group can be linked to.
const (
	SyncableTeam    = "Team"
	SyncableChannel = "Channel"
)

// GroupSyncable links a group to a team or channel. If that is group-constrained, only members of linked groups can join it.
type GroupSyncable struct {
	GroupID     string `json:"group_id"`
	TeamID      string `json:"team_id,omitempty"`
	ChannelID   string `json:"channel_id,omitempty"`
	Type        string `json:"type"` // Team or Channel
	AutoAdd     bool   `json:"auto_add"`
	SchemeAdmin bool   `json:"scheme_admin"`
	CreateAt    int64  `json:"create_at"`
	UpdateAt    int64  `json:"update_at"`
	DeleteAt    int64  `json:"delete_at"`
}

// Validate checks every field. The error is of kind Invalid, an id model.group.*.
func (g *Group) Validate() error {
	switch {
	case g.Name == nil || *g.Name == "" || len(*g.Name) > GroupNameMaxBytes:
		return E(Invalid, "model.group.name.invalid_length.app_error").On("name")
	case !groupName.MatchString(*g.Name):
		return E(Invalid, "model.group.name.invalid_chars.app_error").On("name")
	case reservedGroupNames[*g.Name]:
		return E(Invalid, "model.group.name.reserved.app_error").On("name")
	case g.DisplayName == "" || !validText(g.DisplayName, GroupDisplayNameMaxRunes):
		return E(Invalid, "model.group.display_name.app_error").On("display_name")
	case utf8.RuneCountInString(g.Description) > GroupDescriptionMaxRunes || !storable(g.Description):
		return E(Invalid, "model.group.description.app_error").On("description")
	}
	return nil
}

// Apply sets the fields of g that are set in the patch.
func (g *Group) Apply(p *GroupPatch) {
	if p.Name != nil {
		name := NormalizeName(*p.Name)
		g.Name = &name
	}
	if p.DisplayName != nil {
		g.DisplayName = *p.DisplayName
	}
	if p.Description != nil {
		g.Description = *p.Description
	}
	if p.AllowReference != nil {
		g.AllowReference = *p.AllowReference
	}
}
