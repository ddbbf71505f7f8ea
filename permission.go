package muster

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Permission is the name of a permission. Roles grant permissions (permissions.json).
type Permission string

// The permissions that operations check.
const (
	PermAddUserToTeam               Permission = "add_user_to_team"
	PermAssignBot                   Permission = "assign_bot"
	PermCreateBot                   Permission = "create_bot"
	PermCreateCustomGroup           Permission = "create_custom_group"
	PermCreateDirectChannel         Permission = "create_direct_channel"
	PermCreateGroupChannel          Permission = "create_group_channel"
	PermCreatePost                  Permission = "create_post"
	PermCreatePrivateChannel        Permission = "create_private_channel"
	PermCreatePublicChannel         Permission = "create_public_channel"
	PermCreateTeam                  Permission = "create_team"
	PermCreateUserAccessToken       Permission = "create_user_access_token"
	PermDeleteCustomGroup           Permission = "delete_custom_group"
	PermDeletePrivateChannel        Permission = "delete_private_channel"
	PermDeletePublicChannel         Permission = "delete_public_channel"
	PermDemoteToGuest               Permission = "demote_to_guest"
	PermEditCustomGroup             Permission = "edit_custom_group"
	PermEditOtherUsers              Permission = "edit_other_users"
	PermInviteGuest                 Permission = "invite_guest"
	PermInviteUser                  Permission = "invite_user"
	PermJoinPrivateTeams            Permission = "join_private_teams"
	PermJoinPublicChannels          Permission = "join_public_channels"
	PermJoinPublicTeams             Permission = "join_public_teams"
	PermListPrivateTeams            Permission = "list_private_teams"
	PermListPublicTeams             Permission = "list_public_teams"
	PermListTeamChannels            Permission = "list_team_channels"
	PermListUsersWithoutTeam        Permission = "list_users_without_team"
	PermManageBots                  Permission = "manage_bots"
	PermManageChannelRoles          Permission = "manage_channel_roles"
	PermManageCustomGroupMembers    Permission = "manage_custom_group_members"
	PermManageOthersBots            Permission = "manage_others_bots"
	PermManagePrivateChannelMembers Permission = "manage_private_channel_members"
	PermManagePrivateChannelProps   Permission = "manage_private_channel_properties"
	PermManagePublicChannelMembers  Permission = "manage_public_channel_members"
	PermManagePublicChannelProps    Permission = "manage_public_channel_properties"
	PermManageRoles                 Permission = "manage_roles"
	PermManageSystem                Permission = "manage_system"
	PermTestEmail                   Permission = "test_email"
	PermManageTeam                  Permission = "manage_team"
	PermManageTeamRoles             Permission = "manage_team_roles"
	PermPromoteGuest                Permission = "promote_guest"
	PermReadAudits                  Permission = "read_audits"
	PermReadBots                    Permission = "read_bots"
	PermReadChannel                 Permission = "read_channel"
	PermReadOtherUsersTeams         Permission = "read_other_users_teams"
	PermReadOthersBots              Permission = "read_others_bots"
	PermReadPublicChannel           Permission = "read_public_channel"
	PermReadUserAccessToken         Permission = "read_user_access_token"
	PermReadUserManagementGroups    Permission = "sysconsole_read_user_management_groups"
	PermReadUserManagementUsers     Permission = "sysconsole_read_user_management_users"
	PermRemoveUserFromTeam          Permission = "remove_user_from_team"
	PermRestoreCustomGroup          Permission = "restore_custom_group"
	PermRevokeUserAccessToken       Permission = "revoke_user_access_token"
	PermUploadFile                  Permission = "upload_file"
	PermViewMembers                 Permission = "view_members"
	PermViewTeam                    Permission = "view_team"
	PermWriteUserManagementUsers    Permission = "sysconsole_write_user_management_users"
)

// Names of built-in roles.
const (
	RoleSystemAdmin  = "system_admin"
	RoleSystemUser   = "system_user"
	RoleSystemGuest  = "system_guest"
	RoleTeamAdmin    = "team_admin"
	RoleTeamUser     = "team_user"
	RoleTeamGuest    = "team_guest"
	RoleChannelAdmin = "channel_admin"
	RoleChannelUser  = "channel_user"
	RoleChannelGuest = "channel_guest"
)

// Role is a named set of permissions.
type Role struct {
	ID            string   `json:"id"`
	Name          string   `json:"name"`
	DisplayName   string   `json:"display_name"`
	Description   string   `json:"description"`
	CreateAt      int64    `json:"create_at"`
	UpdateAt      int64    `json:"update_at"`
	DeleteAt      int64    `json:"delete_at"`
	Permissions   []string `json:"permissions"`
	SchemeManaged bool     `json:"scheme_managed"` // assigned through the scheme flags of a membership, not by name
	BuiltIn       bool     `json:"built_in"`
}

// RolePatch replaces the permissions of a role. Nil leaves them unchanged.
type RolePatch struct {
	Permissions *[]string `json:"permissions"`
}

//go:embed roles.json
var rolesJSON []byte

// BuiltInRoles returns a new copy of the roles that every server starts with (permissions.json), without ids and times.
func BuiltInRoles() []*Role {
	var roles []*Role
	if err := json.Unmarshal(rolesJSON, &roles); err != nil {
		panic(fmt.Errorf("embedded roles.json: %w", err)) // a broken build; any test finds it
	}
	for _, r := range roles {
		r.DisplayName = "authentication.roles." + roleTextKey(r.Name) + ".name"
		r.Description = "authentication.roles." + roleTextKey(r.Name) + ".description"
	}
	return roles
}

// roleTextKey returns the reference server's translation key of a role, which clients translate.
func roleTextKey(name string) string {
	switch name {
	case RoleSystemUser, RoleSystemAdmin, RoleSystemGuest:
		return "global_" + strings.TrimPrefix(name, "system_")
	}
	return name
}

var knownPermissions = func() map[string]bool {
	m := map[string]bool{}
	for _, r := range BuiltInRoles() {
		for _, p := range r.Permissions {
			m[p] = true
		}
	}
	return m
}()

// KnownPermission reports whether any built-in role grants the permission.
func KnownPermission(name string) bool { return knownPermissions[name] }

var roleName = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// ValidRoleNames reports whether a space-separated list contains only well-formed role names. An empty list is valid.
func ValidRoleNames(roles string) bool {
	for r := range strings.FieldsSeq(roles) {
		if !roleName.MatchString(r) {
			return false
		}
	}
	return true
}

// HasRole reports whether a space-separated list of roles contains the name.
func HasRole(roles, name string) bool {
	for r := range strings.FieldsSeq(roles) {
		if r == name {
			return true
		}
	}
	return false
}

// schemeRoles returns the roles of a membership as a space-separated list, in the reference server's order.
func schemeRoles(guest, user, admin bool, guestRole, userRole, adminRole, explicit string) string {
	var all []string
	for _, f := range []struct {
		on   bool
		name string
	}{{guest, guestRole}, {user, userRole}, {admin, adminRole}} {
		if f.on {
			all = append(all, f.name)
		}
	}
	for r := range strings.FieldsSeq(explicit) {
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return strings.Join(all, " ")
}
