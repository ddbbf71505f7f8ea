package message

// membershipErrors are about teams, channels, groups and roles, and who belongs to them.
var membershipErrors = map[string]string{
	"app.team.get.find.app_error":                                   "This team doesn't exist.",
	"app.team.get_by_name.missing.app_error":                        "There's no team with that name.",
	"app.team.get_by_invite_id.finding.app_error":                   "The invitation to the team isn't valid. Ask for a new one.",
	"app.team.get_member.missing.app_error":                         "The user isn't a member of the team. Add them to the team first.",
	"store.sql_team.save_team.existing.app_error":                   "A team with this name already exists. Choose a different name.",
	"app.team.invite_id.group_constrained.error":                    "Groups decide who's in this team, so nobody can join by invitation.",
	"app.team.join_user_to_team.max_accounts.app_error":             "The team is full. Ask an administrator to raise the limit.",
	"app.team.join_user_to_team.save_member.conflict.app_error":     "The user is already in the team.",
	"app.team.join_user_to_team.save_member.max_accounts.app_error": "The team is full. Ask an administrator to raise the limit.",
	"api.team.join_user_to_team.allowed_domains.app_error":          "Only email addresses of certain domains can join this team. Use one of those.",
	"api.team.add_user_to_team_from_invite.guest.app_error":         "Guests can't join a team with a link. Ask a team administrator to add you.",
	"api.team.invite_members.invalid_email.app_error":               "This email address isn't valid, or its domain can't join this team. Use a different address.",

	"api.channel.update_team_member_roles.changing_guest_role.app_error":    "A guest can't have other roles in a team. Promote the account to a user first.",
	"api.channel.update_channel_member_roles.changing_guest_role.app_error": "A guest can't have other roles in a channel. Promote the account to a user first.",
	"api.team.add_members.user_denied":                                      "Groups decide who's in this team, so nobody can be added by hand.",
	"store.sql_channel.save_channel.exists.app_error":                       "The team already has a channel with this name. Choose a different name.",

	"app.role.check_roles_exist.role_not_found": "One of the roles doesn't exist. Check the names.",
	"app.role.get_by_name.app_error":            "There's no role with that name.",
	"app.role.get.app_error":                    "This role doesn't exist.",

	"app.group.no_rows":                  "This group doesn't exist.",
	"api.custom_groups.feature_disabled": "Custom groups are turned off. Turn them on in the settings.",
	"api.custom_groups.license_error":    "Custom groups aren't available on this server.",
	"api.ldap_groups.license_error":      "Directory groups aren't available on this server.",

	"app.channel.get.existing.app_error":                       "This channel doesn't exist.",
	"app.channel.get_by_name.missing.app_error":                "The team has no channel with that name.",
	"app.channel.get_member.missing.app_error":                 "The user isn't a member of the channel.",
	"api.channel.create_channel.direct_channel.app_error":      "Create direct channels with POST /channels/direct.",
	"api.channel.create_group.bad_size.app_error":              "A group channel has three to eight people, including you.",
	"api.channel.patch_update_channel.forbidden.app_error":     "Direct and group channels can't be changed.",
	"api.channel.delete_channel.cannot.app_error":              "The team's default channel can't be renamed or archived.",
	"api.channel.add_user_to_channel.type.app_error":           "You can't add people to a direct or group channel. Create a new one instead.",
	"api.channel.add_user.to.channel.failed.deleted.app_error": "The channel is archived. Restore it before you add people.",
	"api.channel.add_members.user_denied":                      "Groups decide who's in this channel. Change the groups instead.",
	"api.channel.remove_channel_member.type.app_error":         "You can't leave a direct or group channel, or remove people from it.",
	"api.channel.remove.default.app_error":                     "Nobody can leave the team's default channel.",
	"app.group.crud_permission":                                "Only custom groups can be created and changed here. Change directory groups in the directory.",
	"app.group.username_conflict":                              "There's already an account named {Username}. Choose a different name for the group.",
	"app.group.member_missing":                                 "One of these people isn't in the group.",
	"app.custom_group.unique_name":                             "A group with this name already exists. Choose a different name.",
	"api.channel.restore_channel.restored.app_error":           "The channel isn't archived.",
}
