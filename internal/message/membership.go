package message

// membershipErrors are about teams, channels, groups and roles, and who belongs to them.
var membershipErrors = map[string]string{
	"app.team.get.find.app_error":                                   "There is no such team.",
	"app.team.get_by_name.missing.app_error":                        "There is no team of that name.",
	"app.team.get_by_invite_id.finding.app_error":                   "The invitation to the team is not valid. Ask for a new one.",
	"app.team.get_member.missing.app_error":                         "The user is not a member of the team. Add the user to the team first.",
	"store.sql_team.save_team.existing.app_error":                   "A team of this name exists. Choose another name.",
	"app.team.invite_id.group_constrained.error":                    "Groups decide who belongs to this team, so nobody can join by invitation.",
	"app.team.join_user_to_team.max_accounts.app_error":             "The team has as many members as it may have. Ask an administrator to raise the limit.",
	"app.team.join_user_to_team.save_member.conflict.app_error":     "The user belongs to the team already.",
	"app.team.join_user_to_team.save_member.max_accounts.app_error": "The team has as many members as it may have. Ask an administrator to raise the limit.",
	"api.team.join_user_to_team.allowed_domains.app_error":          "The team takes email addresses of certain domains only. Use one of those.",
	"api.team.add_user_to_team_from_invite.guest.app_error":         "Guests can't join a team by a link. Ask an administrator of the team to add you.",
	"api.team.invite_members.invalid_email.app_error":               "This address is not valid, or its mail domain is not one that the team takes. Use another address.",

	"api.channel.update_team_member_roles.changing_guest_role.app_error":    "A guest of a team stays one. Promote the account to a user first.",
	"api.channel.update_channel_member_roles.changing_guest_role.app_error": "A guest of a channel stays one. Promote the account to a user first.",
	"api.team.add_members.user_denied":                                      "Groups decide who belongs to this team, so nobody can be added by hand.",
	"store.sql_channel.save_channel.exists.app_error":                       "A channel of this name exists in the team. Choose another name.",

	"app.role.check_roles_exist.role_not_found": "One of the roles does not exist. Check the names.",
	"app.role.get_by_name.app_error":            "There is no role of that name.",
	"app.role.get.app_error":                    "There is no such role.",

	"app.group.no_rows":                  "There is no such group.",
	"api.custom_groups.feature_disabled": "Custom groups are turned off. Turn them on in the settings.",
	"api.custom_groups.license_error":    "Custom groups are not offered on this server.",
	"api.ldap_groups.license_error":      "Directory groups are not offered on this server.",

	"app.channel.get.existing.app_error":                       "There is no such channel.",
	"app.channel.get_by_name.missing.app_error":                "There is no channel of that name in the team.",
	"app.channel.get_member.missing.app_error":                 "The user is not a member of the channel.",
	"api.channel.create_channel.direct_channel.app_error":      "Direct channels are made with POST /channels/direct.",
	"api.channel.create_group.bad_size.app_error":              "Name three to eight people for a group channel, yourself included.",
	"api.channel.patch_update_channel.forbidden.app_error":     "Direct and group channels can't be changed.",
	"api.channel.delete_channel.cannot.app_error":              "The team's first channel can't be renamed or archived.",
	"api.channel.add_user_to_channel.type.app_error":           "Nobody can be added to a direct or group channel. Make a new one.",
	"api.channel.add_user.to.channel.failed.deleted.app_error": "The channel is archived. Bring it back before you add people.",
	"api.channel.add_members.user_denied":                      "Groups decide who belongs to this channel. Change the groups instead.",
	"api.channel.remove_channel_member.type.app_error":         "Nobody can leave a direct or group channel.",
	"api.channel.remove.default.app_error":                     "Everybody in a team stays in its first channel.",
	"app.group.crud_permission":                                "Only custom groups can be made and changed here. A directory's groups change in the directory.",
	"app.group.username_conflict":                              "An account is called {Username}. Choose another name for the group.",
	"app.group.member_missing":                                 "One of these people is not in the group.",
	"app.custom_group.unique_name":                             "A group of this name exists already. Choose another name.",
	"api.channel.restore_channel.restored.app_error":           "The channel is not archived.",
}
