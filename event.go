package muster

// Event names of the protocol that the operations cause (operations.json, websocket_events).
const (
	EventNewUser                    = "new_user"
	EventUserUpdated                = "user_updated"
	EventUserRoleUpdated            = "user_role_updated"
	EventUserActivationStatusChange = "user_activation_status_change"
	EventStatusChange               = "status_change"
	EventAddedToTeam                = "added_to_team"
	EventLeaveTeam                  = "leave_team"
	EventUpdateTeam                 = "update_team"
	EventMemberRoleUpdated          = "memberrole_updated"
	EventUserAdded                  = "user_added"
	EventUserRemoved                = "user_removed"
	EventChannelCreated             = "channel_created"
	EventChannelUpdated             = "channel_updated"
	EventChannelDeleted             = "channel_deleted"
	EventChannelMemberUpdated       = "channel_member_updated"
	EventDirectAdded                = "direct_added"
	EventGroupAdded                 = "group_added"
	EventRoleUpdated                = "role_updated"
	EventPreferencesChanged         = "preferences_changed"
	EventPreferencesDeleted         = "preferences_deleted"
	EventConfigChanged              = "config_changed"
	EventGuestsDeactivated          = "guests_deactivated"
	EventTyping                     = "typing"
	EventHello                      = "hello"
)

// Event tells connected clients what happened. An empty Audience is everybody.
type Event struct {
	Name     string
	Data     map[string]any
	Audience Audience
}

// Audience narrows who gets an Event; what is set must all hold.
type Audience struct {
	UserID    string
	TeamID    string
	ChannelID string
	OmitUsers []string
	About     string // a user whom the hearer must be allowed to see at all: guests don't see everybody
	Admins    bool   // only who has manage_system: the payload is more than others may see
	NotAdmins bool   // only who has not: administrators get a payload of their own
}
