package muster

// Names of WebSocket events (operations.json, websocket_events).
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

// Event is a WebSocket event. An empty Audience means all connected users.
type Event struct {
	Name     string
	Data     map[string]any
	Audience Audience
}

// Audience restricts who receives an Event. A recipient must match every field that is set.
type Audience struct {
	UserID    string
	TeamID    string
	ChannelID string
	OmitUsers []string
	About     string // a user the recipient must be allowed to see; guests don't see everybody
	Admins    bool   // only users with manage_system, if Data is more than others may see
	NotAdmins bool   // only users without manage_system, if administrators get a separate event
}
