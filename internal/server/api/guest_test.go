package api_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

const (
	guestsOn  = `{"GuestAccountsSettings":{"Enable":true}}`
	guestsOff = `{"GuestAccountsSettings":{"Enable":false}}`
)

// makeChannel makes a channel of a team.
func makeChannel(t *testing.T, by *client.Client, teamID, name, kind string) *muster.Channel {
	t.Helper()
	ch, err := by.CreateChannel(t.Context(), &muster.Channel{TeamID: teamID, Name: name, DisplayName: name, Type: kind})
	require.NoError(t, err)
	return ch
}

// channelNames are the channels that a user is in, those of a team first: whatever the user may see, from the database.
func channelNames(t *testing.T, s *testserver.Server, userID, teamID string) string {
	t.Helper()
	list, err := s.Store.ChannelsOf(t.Context(), userID, teamID)
	require.NoError(t, err)
	var names []string
	for _, c := range list {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// holdsMemberships holds how many memberships an account has in a team's channels, and that it carries these roles in all of them.
func holdsMemberships(t *testing.T, s *testserver.Server, userID, teamID, teamRoles, channelRoles string, channels int) {
	t.Helper()
	m, err := s.Store.TeamMember(t.Context(), teamID, userID)
	if err != nil || m.Roles != teamRoles || m.DeleteAt != 0 {
		t.Errorf("in the team: %+v (%v), want the roles %q", m, err, teamRoles)
	}
	list, err := s.Store.ChannelMembershipsOf(t.Context(), userID, teamID)
	if err != nil || len(list) != channels {
		t.Errorf("in %d channels, want %d (%v)", len(list), channels, err)
	}
	for _, c := range list {
		if c.Roles != channelRoles {
			t.Errorf("roles in a channel are %q, want %q", c.Roles, channelRoles)
		}
	}
}

func TestADemotedMemberIsAGuestAtOnceWhereItIs(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, adminUser := s.Admin(t)
		ann, me := s.User(t, "ann")
		there, _ := s.SignIn(t, "ann")
		bob, bobUser := s.User(t, "bob")
		_, carl := s.User(t, "carl")
		team := makeTeam(t, ann, "own")
		_, err := ann.AddTeamMember(ctx, team.ID, bobUser.ID)
		require.NoError(t, err)
		require.NoError(t, admin.UpdateTeamMemberRoles(ctx, team.ID, me.ID, "team_user team_admin team_post_all"))
		require.NoError(t, admin.UpdateUserRoles(ctx, me.ID, "system_user system_user_manager"))
		refused(t, admin.DemoteToGuest(ctx, me.ID), 501, "api.team.demote_user_to_guest.disabled.error")
		s.Configure(t, guestsOn)
		refused(t, bob.DemoteToGuest(ctx, me.ID), 403, noPermission)
		refused(t, admin.DemoteToGuest(ctx, muster.NewID()), 404, "app.user.missing_account.const")
		s.Configure(t, `{"ServiceSettings":{"EnableBotAccountCreation":true}}`)
		bot, err := admin.CreateBot(ctx, &muster.Bot{Username: "robot"})
		require.NoError(t, err)
		refused(t, admin.DemoteToGuest(ctx, bot.UserID), 400, "api.context.invalid_url_param.app_error")
		_, err = ann.User(ctx, carl.ID)
		require.NoError(t, err)

		s.ForgetEvents()
		require.NoError(t, admin.DemoteToGuest(ctx, me.ID))
		for _, c := range []*client.Client{ann, there} {
			u, err := c.Me(ctx)
			if err != nil || u.Roles != muster.RoleSystemGuest {
				t.Fatal(u, err)
			}
			_, err = c.User(ctx, bobUser.ID)
			require.NoError(t, err)
			_, err = c.User(ctx, carl.ID)
			refused(t, err, 403, noPermission)
		}
		_, err = ann.PatchTeam(ctx, team.ID, &muster.TeamPatch{Description: ptr("mine")})
		refused(t, err, 403, noPermission)
		holdsMemberships(t, s, me.ID, team.ID, "team_guest", "channel_guest", 2)
		sessions, err := s.Store.Sessions(ctx, me.ID)
		require.NoError(t, err)
		for _, session := range sessions {
			if session.Roles != muster.RoleSystemGuest || session.Props[muster.SessionPropIsGuest] != "true" {
				t.Errorf("a session carries %q, %v", session.Roles, session.Props)
			}
		}
		if len(sessions) != 2 {
			t.Errorf("%d sessions", len(sessions))
		}
		for name, want := range map[string]int{muster.EventMemberRoleUpdated: 1, muster.EventChannelMemberUpdated: 2, muster.EventUserUpdated: 3} {
			if n := len(s.Events(name)); n != want {
				t.Errorf("%d %s, want %d", n, name, want)
			}
		}
		for _, e := range append(s.Events(muster.EventMemberRoleUpdated), s.Events(muster.EventChannelMemberUpdated)...) {
			if e.Audience.UserID != me.ID {
				t.Errorf("%s goes to %+v", e.Name, e.Audience)
			}
		}
		onRecord(t, s, adminUser.ID, "/demote", "user_id="+me.ID)
		refused(t, admin.DemoteToGuest(ctx, me.ID), 501, "api.user.demote_user_to_guest.already_guest.app_error")
	})
}

func TestAPromotedGuestJoinsTheDefaultChannelsOfItsTeams(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		_, adminUser := s.Admin(t)
		gus := w.ids["gus"]
		refused(t, w.ann.PromoteGuest(ctx, gus), 403, noPermission)
		refused(t, w.gus.PromoteGuest(ctx, gus), 403, noPermission)
		refused(t, w.admin.PromoteGuest(ctx, w.ids["ann"]), 501, "api.user.promote_guest_to_user.no_guest.app_error")
		refused(t, w.admin.PromoteGuest(ctx, muster.NewID()), 404, "app.user.missing_account.const")
		if got := channelNames(t, s, gus, w.team); got != "private" {
			t.Fatalf("a guest begins in %q", got)
		}
		holdsMemberships(t, s, gus, w.team, "team_guest", "channel_guest", 1)

		s.ForgetEvents()
		require.NoError(t, w.admin.PromoteGuest(ctx, gus))
		if got := channelNames(t, s, gus, w.team); got != "off-topic private town-square" {
			t.Errorf("in %q", got)
		}
		holdsMemberships(t, s, gus, w.team, "team_user", "channel_user", 3)
		u, err := w.gus.Me(ctx)
		if err != nil || u.Roles != muster.RoleSystemUser {
			t.Error(u, err)
		}
		_, err = w.gus.User(ctx, w.ids["carl"])
		require.NoError(t, err)
		sessions, err := s.Store.Sessions(ctx, gus)
		if err != nil || len(sessions) != 1 || sessions[0].Roles != muster.RoleSystemUser || sessions[0].Props[muster.SessionPropIsGuest] != "false" {
			t.Error(sessions, err)
		}
		for name, want := range map[string]int{muster.EventMemberRoleUpdated: 1, muster.EventChannelMemberUpdated: 3, muster.EventUserUpdated: 3} {
			if n := len(s.Events(name)); n != want {
				t.Errorf("%d %s, want %d", n, name, want)
			}
		}
		onRecord(t, s, adminUser.ID, "/promote", "user_id="+gus)
	})
}

func TestTheLastAdministratorIsNoGuest(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, adminUser := s.Admin(t)
		s.Configure(t, guestsOn)
		refused(t, admin.DemoteToGuest(ctx, adminUser.ID), 400, "app.user.update.lastAdmin.app_error")
		manager, managerUser := s.User(t, "manager")
		require.NoError(t, admin.UpdateUserRoles(ctx, managerUser.ID, "system_user system_manager"))
		role, err := admin.RoleByName(ctx, "system_manager")
		require.NoError(t, err)
		granted := append(role.Permissions, string(muster.PermDemoteToGuest))
		_, err = admin.PatchRole(ctx, role.ID, &muster.RolePatch{Permissions: &granted})
		require.NoError(t, err)
		refused(t, manager.DemoteToGuest(ctx, adminUser.ID), 403, noPermission)
		u, err := admin.Me(ctx)
		if err != nil || !u.HasRole(muster.RoleSystemAdmin) {
			t.Fatal("the refused demotion took something", u, err)
		}
		_, other := s.User(t, "other")
		require.NoError(t, admin.UpdateUserRoles(ctx, other.ID, "system_user system_admin"))
		require.NoError(t, admin.DemoteToGuest(ctx, adminUser.ID)) // now there is another one
		_, err = admin.Config(ctx)
		refused(t, err, 403, noPermission)
	})
}

// invited is a team with channels to invite guests to.
type invited struct {
	admin              *client.Client
	team               *muster.Team
	plans, lobby, shed *muster.Channel
}

func makeInviting(t *testing.T, s *testserver.Server) *invited {
	t.Helper()
	w := &invited{}
	w.admin, _ = s.Admin(t)
	s.Configure(t, guestsOn)
	w.team = makeTeam(t, w.admin, "own")
	w.plans = makeChannel(t, w.admin, w.team.ID, "plans", muster.ChannelPrivate)
	w.lobby = makeChannel(t, w.admin, w.team.ID, "lobby", muster.ChannelPublic)
	w.shed = makeChannel(t, w.admin, w.team.ID, "shed", muster.ChannelPublic)
	return w
}

// invite mails an invitation to plans and lobby and returns its token.
func (w *invited) invite(t *testing.T, s *testserver.Server, name string) string {
	t.Helper()
	_, err := w.admin.InviteGuests(t.Context(), w.team.ID, client.GuestInvitation{
		Emails: []string{name + "@example.com"}, Channels: []string{w.plans.ID, w.lobby.ID}, Message: "Come and see.\nBring a friend.",
	}, false)
	require.NoError(t, err)
	return s.MailedToken(t, name+"@example.com", 1)
}

const signupInvalid = "api.user.create_user.signup_link_invalid.app_error"

func TestAnInvitedGuestIsInExactlyTheChannelsOfTheMail(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeInviting(t, s)
		_, adminUser := s.Admin(t)
		token := w.invite(t, s, "gus")
		mail := s.Mails(t, "gus@example.com", 1)[0]
		if !strings.Contains(mail.Subject, "own") || !strings.Contains(mail.Text, "Come and see.") || !strings.Contains(mail.Text, "Bring a friend.") {
			t.Errorf("the mail is\n%s\n%s", mail.Subject, mail.Text)
		}
		onRecord(t, s, adminUser.ID, "/invite-guests/email", "team_id="+w.team.ID+" invited gus@example.com")
		_, err := s.Client().CreateUserWithToken(ctx, account("other"), token)
		refused(t, err, 400, "api.user.create_user.bad_token_email_data.app_error")
		_, err = s.Client().CreateUserWithToken(ctx, account("gus"), strings.Repeat("x", len(token)))
		refused(t, err, 400, signupInvalid)

		s.ForgetEvents()
		in := account("gus")
		in.Roles = "system_admin"
		gus, err := s.Client().CreateUserWithToken(ctx, in, token)
		require.NoError(t, err)
		if gus.Roles != muster.RoleSystemGuest || !gus.EmailVerified {
			t.Errorf("%+v", gus)
		}
		holdsMemberships(t, s, gus.ID, w.team.ID, "team_guest", "channel_guest", 2)
		if got := channelNames(t, s, gus.ID, w.team.ID); got != "lobby plans" {
			t.Errorf("in %q", got)
		}
		if n := len(s.Events(muster.EventNewUser)); n != 1 {
			t.Errorf("%d new_user", n)
		}
		if list := s.Events(muster.EventAddedToTeam); len(list) != 1 || list[0].Audience.UserID != gus.ID {
			t.Errorf("added_to_team: %+v", list)
		}
		c, _ := s.SignIn(t, "gus")
		_, err = c.Channel(ctx, w.plans.ID)
		require.NoError(t, err)
		for _, id := range []string{w.shed.ID} {
			_, err = c.Channel(ctx, id)
			refused(t, err, 403, noPermission)
		}
		again := account("again")
		again.Email = "gus@example.com"
		_, err = s.Client().CreateUserWithToken(ctx, again, token)
		refused(t, err, 400, signupInvalid)
	})
}

func TestAnInvitationIsGoodOnceForTwoDaysAndWhileTheSettingsLastIt(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeInviting(t, s)
		once := w.invite(t, s, "gus")
		oneWins(t, together(4, func(i int) error {
			u := account("gus" + string(rune('a'+i)))
			u.Email = "gus@example.com"
			_, err := s.Client().CreateUserWithToken(ctx, u, once)
			return err
		}), 400, signupInvalid)

		early, late := w.invite(t, s, "early"), w.invite(t, s, "late")
		n := otherNode(t, s, 47*time.Hour)
		_, err := n.Client().CreateUserWithToken(ctx, account("early"), early)
		require.NoError(t, err)
		n.pass(2 * time.Hour)
		_, err = n.Client().CreateUserWithToken(ctx, account("late"), late)
		refused(t, err, 400, "api.user.create_user.signup_link_expired.app_error")

		token := w.invite(t, s, "hal")
		signup := func() error {
			_, err := s.Client().CreateUserWithToken(ctx, account("hal"), token)
			return err
		}
		s.Configure(t, `{"GuestAccountsSettings":{"AllowEmailAccounts":false}}`)
		refused(t, signup(), 400, "api.user.create_user.guest_accounts.disabled.app_error")
		s.Configure(t, `{"GuestAccountsSettings":{"AllowEmailAccounts":true,"Enable":false}}`)
		refused(t, signup(), 400, "api.user.create_user.guest_accounts.disabled.app_error")
		s.Configure(t, `{"GuestAccountsSettings":{"Enable":true,"RestrictCreationToDomains":"corp.example"}}`)
		refused(t, signup(), 400, "api.user.create_user.accepted_domain.app_error")
		s.Configure(t, `{"GuestAccountsSettings":{"RestrictCreationToDomains":""},"TeamSettings":{"RestrictCreationToDomains":"corp.example"}}`)
		_, err = w.admin.PatchTeam(ctx, w.team.ID, &muster.TeamPatch{GroupConstrained: ptr(true)})
		require.NoError(t, err)
		refused(t, signup(), 403, "app.team.invite_id.group_constrained.error")
		_, err = w.admin.PatchTeam(ctx, w.team.ID, &muster.TeamPatch{GroupConstrained: ptr(false)})
		require.NoError(t, err)
		_, err = w.admin.PatchChannel(ctx, w.plans.ID, &muster.ChannelPatch{GroupConstrained: ptr(true)})
		require.NoError(t, err)
		require.NoError(t, signup()) // the domains of members are not those of guests
		hal, err := w.admin.UserByUsername(ctx, "hal")
		require.NoError(t, err)
		if got := channelNames(t, s, hal.ID, w.team.ID); got != "lobby" {
			t.Errorf("groups decide who belongs to plans, but the guest is in %q", got)
		}
	})
}

func TestInvitationsOfGuestsAreRefused(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeInviting(t, s)
		ann, annUser := s.User(t, "ann")
		_, err := w.admin.AddTeamMember(ctx, w.team.ID, annUser.ID)
		require.NoError(t, err)
		foreign := makeTeam(t, w.admin, "foreign")
		far := makeChannel(t, w.admin, foreign.ID, "far", muster.ChannelPublic)
		gone := makeChannel(t, w.admin, w.team.ID, "gone", muster.ChannelPublic)
		require.NoError(t, w.admin.DeleteChannel(ctx, gone.ID))
		grouped := makeChannel(t, w.admin, w.team.ID, "grouped", muster.ChannelPublic)
		_, err = w.admin.PatchChannel(ctx, grouped.ID, &muster.ChannelPatch{GroupConstrained: ptr(true)})
		require.NoError(t, err)
		direct, err := w.admin.CreateDirectChannel(ctx, annUser.ID, annUser.ID)
		require.NoError(t, err)
		to := []string{"gus@example.com"}
		const badParam = "api.context.invalid_body_param.app_error"
		invite := func(by *client.Client, in client.GuestInvitation) error {
			_, err := by.InviteGuests(ctx, w.team.ID, in, false)
			return err
		}
		good := client.GuestInvitation{Emails: to, Channels: []string{w.lobby.ID}}
		refused(t, invite(ann, good), 403, noPermission)
		for name, c := range map[string]struct {
			in client.GuestInvitation
			id string
		}{
			"no channel":                  {client.GuestInvitation{Emails: to}, badParam},
			"a channel of another team":   {client.GuestInvitation{Emails: to, Channels: []string{w.lobby.ID, far.ID}}, badParam},
			"an archived channel":         {client.GuestInvitation{Emails: to, Channels: []string{gone.ID}}, badParam},
			"nobody's channel":            {client.GuestInvitation{Emails: to, Channels: []string{muster.NewID()}}, badParam},
			"a direct channel":            {client.GuestInvitation{Emails: to, Channels: []string{direct.ID}}, badParam},
			"a group-constrained channel": {client.GuestInvitation{Emails: to, Channels: []string{grouped.ID}}, "api.channel.add_members.user_denied"},
			"no address":                  {client.GuestInvitation{Channels: good.Channels}, badParam},
			"too many addresses":          {client.GuestInvitation{Emails: slices.Repeat(to, 21), Channels: good.Channels}, badParam},
			"no address at all":           {client.GuestInvitation{Emails: []string{"gus"}, Channels: good.Channels}, "api.team.invite_members.invalid_email.app_error"},
			"a message that is no text":   {client.GuestInvitation{Emails: to, Channels: good.Channels, Message: "a\x00b"}, badParam},
			"too long a message":          {client.GuestInvitation{Emails: to, Channels: good.Channels, Message: strings.Repeat("x", 256)}, badParam},
		} {
			t.Run(name, func(t *testing.T) { refused(t, invite(w.admin, c.in), 400, c.id) })
		}
		_, err = w.admin.InviteGuests(ctx, muster.NewID(), good, false)
		refused(t, err, 404, "app.team.get.find.app_error")

		const off = "api.team.invite_guests_to_channels.disabled.error"
		s.Configure(t, `{"GuestAccountsSettings":{"AllowEmailAccounts":false}}`)
		refused(t, invite(w.admin, good), 501, off)
		s.Configure(t, `{"GuestAccountsSettings":{"AllowEmailAccounts":true,"Enable":false}}`)
		refused(t, invite(w.admin, good), 501, off)

		s.Configure(t, `{"GuestAccountsSettings":{"Enable":true,"RestrictCreationToDomains":"corp.example"}}`)
		both := client.GuestInvitation{Emails: []string{"gus@example.com", "GUS@corp.example"}, Channels: good.Channels}
		refused(t, invite(w.admin, both), 400, "api.team.invite_members.invalid_email.app_error")
		results, err := w.admin.InviteGuests(ctx, w.team.ID, both, true)
		require.NoError(t, err)
		if len(results) != 2 || results[0].Error == nil || results[0].Error.ID != "api.team.invite_members.invalid_email.app_error" || results[1].Error != nil {
			t.Errorf("%+v", results)
		}
		s.Mails(t, "gus@corp.example", 1)
		if n := len(s.Mails(t, "gus@example.com", 0)); n != 0 {
			t.Errorf("%d mails of what was refused", n)
		}
	})
}

func TestGuestsAreDeactivatedAtOnceWhenTheyAreTurnedOff(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		_, adminUser := s.Admin(t)
		_, err := w.gus.Me(ctx)
		require.NoError(t, err)
		s.ForgetEvents()
		s.Configure(t, `{"TeamSettings":{"SiteName":"Ours"}}`)
		_, err = w.gus.Me(ctx)
		require.NoError(t, err)
		s.Configure(t, guestsOff)
		_, err = w.gus.Me(ctx)
		refused(t, err, 401, "api.context.session_expired.app_error")
		_, err = w.ann.Me(ctx)
		require.NoError(t, err)
		u, err := w.admin.User(ctx, w.ids["gus"])
		if err != nil || u.DeleteAt == 0 {
			t.Fatal(u, err)
		}
		if sessions, err := s.Store.Sessions(ctx, w.ids["gus"]); err != nil || len(sessions) != 0 {
			t.Error(sessions, err)
		}
		s.Configure(t, guestsOff) // that changes nothing
		if list := s.Events(muster.EventGuestsDeactivated); len(list) != 1 || list[0].Audience.UserID != "" {
			t.Errorf("guests_deactivated: %+v", list)
		}
		onRecord(t, s, adminUser.ID, "/config/patch", "user_id="+w.ids["gus"]+" active=false")

		_, err = s.Client().Login(ctx, "gus", testserver.Password)
		refused(t, err, 401, "api.user.login.inactive.app_error")
		refused(t, w.admin.UpdateUserActive(ctx, w.ids["gus"], true), 401, "api.user.update_active.cannot_enable_guest_when_guest_feature_is_disabled.app_error")
		require.NoError(t, w.admin.UpdateUserRoles(ctx, w.ids["carl"], muster.RoleSystemGuest))
		_, err = s.Client().Login(ctx, "carl", testserver.Password)
		refused(t, err, 401, "api.user.login.guest_accounts.disabled.error")
		refused(t, w.admin.PromoteGuest(ctx, muster.NewID()), 404, "app.user.missing_account.const")
		require.NoError(t, w.admin.PromoteGuest(ctx, w.ids["carl"])) // that is the way out
		s.SignIn(t, "carl")

		s.Configure(t, guestsOn)
		require.NoError(t, w.admin.UpdateUserActive(ctx, w.ids["gus"], true))
		s.SignIn(t, "gus")
	})
}

// alike holds that two refusals tell nothing apart but by their request.
func alike(t *testing.T, what string, one, two error) {
	t.Helper()
	a, ok := errors.AsType[*client.Error](one)
	b, also := errors.AsType[*client.Error](two)
	if !ok || !also {
		t.Errorf("%s: %v for somebody hidden, %v for nobody", what, one, two)
		return
	}
	x, y := *a, *b
	x.RequestID, y.RequestID = "", ""
	if x != y || x.StatusCode != 403 && x.StatusCode != 404 {
		t.Errorf("%s: %+v for somebody hidden, %+v for nobody", what, x, y)
	}
}

func TestAGuestCanNotTellWhoIsHiddenFromNobody(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		g := w.gus
		byID := map[string]func(id string) error{
			"the account":       func(id string) error { _, err := g.User(ctx, id); return err },
			"its picture":       func(id string) error { _, err := g.ProfileImage(ctx, id); return err },
			"its drawn picture": func(id string) error { _, err := g.DefaultProfileImage(ctx, id); return err },
			"its status":        func(id string) error { _, err := g.Status(ctx, id); return err },
			"its teams":         func(id string) error { _, err := g.TeamsOfUser(ctx, id); return err },
			"its memberships":   func(id string) error { _, err := g.TeamMembersOfUser(ctx, id); return err },
			"its channels":      func(id string) error { _, err := g.ChannelsOfUser(ctx, id, w.team); return err },
			"its sessions":      func(id string) error { _, err := g.Sessions(ctx, id); return err },
			"its history":       func(id string) error { _, err := g.UserAudits(ctx, id, 0, 9); return err },
			"its groups":        func(id string) error { _, err := g.GroupsOfUser(ctx, id); return err },
			"its uploads":       func(id string) error { _, err := g.UploadsOf(ctx, id); return err },
			"in the team":       func(id string) error { _, err := g.TeamMember(ctx, w.team, id); return err },
			"in the channel":    func(id string) error { _, err := g.ChannelMember(ctx, w.private, id); return err },
			"a direct channel":  func(id string) error { _, err := g.CreateDirectChannel(ctx, w.ids["gus"], id); return err },
			"a group channel":   func(id string) error { _, err := g.CreateGroupChannel(ctx, w.ids["ann"], id); return err },
			"adding":            func(id string) error { _, err := g.AddChannelMember(ctx, w.private, id); return err },
			"editing":           func(id string) error { _, err := g.PatchUser(ctx, id, &muster.UserPatch{}); return err },
			"deactivating":      func(id string) error { return g.UpdateUserActive(ctx, id, false) },
		}
		for what, ask := range byID {
			nobody := ask(muster.NewID())
			alike(t, what, ask(w.ids["bob"]), nobody) // in the same team
			alike(t, what, ask(w.ids["carl"]), nobody)
		}
		for _, name := range []string{"bob", "BOB", "carl"} {
			_, hidden := g.UserByUsername(ctx, name)
			_, nobody := g.UserByUsername(ctx, "nobody")
			alike(t, name, hidden, nobody)
			_, hidden = g.UserByEmail(ctx, name+"@example.com")
			_, nobody = g.UserByEmail(ctx, "nobody@example.com")
			alike(t, name+"'s address", hidden, nobody)
		}
		for _, name := range []string{"ann", "gus"} { // and whom it may see, it sees
			for what, ask := range map[string]func() error{
				"id":       func() error { _, err := g.User(ctx, w.ids[name]); return err },
				"name":     func() error { _, err := g.UserByUsername(ctx, name); return err },
				"address":  func() error { _, err := g.UserByEmail(ctx, name+"@example.com"); return err },
				"picture":  func() error { _, err := g.ProfileImage(ctx, w.ids[name]); return err },
				"status":   func() error { _, err := g.Status(ctx, w.ids[name]); return err },
				"team":     func() error { _, err := g.TeamMember(ctx, w.team, w.ids[name]); return err },
				"channel":  func() error { _, err := g.ChannelMember(ctx, w.private, w.ids[name]); return err },
				"directly": func() error { _, err := g.CreateDirectChannel(ctx, w.ids["gus"], w.ids[name]); return err },
			} {
				if err := ask(); err != nil {
					t.Errorf("%s by %s: %v", name, what, err)
				}
			}
		}
		if got := channelNames(t, s, w.ids["bob"], muster.NewID()); got != "" {
			t.Errorf("a refused direct channel is there: %q", got)
		}
	})
}

func TestAGuestFindsOnlyWhoSharesAChannelInAnyList(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		g := w.gus
		_, zoe := s.User(t, "zoe") // deactivated, and in no channel of the guest's
		require.NoError(t, w.admin.DeleteUser(ctx, zoe.ID))
		_, yan := s.User(t, "yan") // deactivated, but in the channel
		_, err := w.admin.AddTeamMember(ctx, w.team, yan.ID)
		require.NoError(t, err)
		_, err = w.ann.AddChannelMember(ctx, w.private, yan.ID)
		require.NoError(t, err)
		require.NoError(t, w.admin.DeleteUser(ctx, yan.ID))
		all := []string{w.ids["ann"], w.ids["bob"], w.ids["carl"], w.ids["gus"], zoe.ID, yan.ID}
		names := func(list []*muster.User, err error) string {
			require.NoError(t, err)
			return usernames(list)
		}
		for _, c := range []struct {
			q    client.UsersQuery
			want string
		}{
			{client.UsersQuery{}, "ann gus yan"},
			{client.UsersQuery{Active: true}, "ann gus"},
			{client.UsersQuery{Inactive: true}, "yan"},
			{client.UsersQuery{Page: 1, PerPage: 2}, "yan"},
			{client.UsersQuery{Role: muster.RoleSystemUser}, "ann yan"},
			{client.UsersQuery{Role: muster.RoleSystemAdmin}, ""},
			{client.UsersQuery{Roles: []string{muster.RoleSystemUser, muster.RoleSystemGuest}}, "ann gus yan"},
			{client.UsersQuery{InTeam: w.team}, "ann gus yan"},
			{client.UsersQuery{InTeam: w.team, Sort: "create_at"}, "yan gus ann"},
			{client.UsersQuery{InTeam: w.team, TeamRoles: []string{"team_user"}}, "ann yan"},
			{client.UsersQuery{InTeam: w.team, NotInChannel: w.private}, ""},
			{client.UsersQuery{InTeam: w.team, NotInChannel: w.private, GroupConstrained: true}, ""},
			{client.UsersQuery{NotInTeam: w.team}, ""},
			{client.UsersQuery{InChannel: w.private}, "ann gus yan"},
			{client.UsersQuery{InChannel: w.private, Sort: "admin"}, "ann gus yan"},
			{client.UsersQuery{InChannel: w.private, ChannelRoles: []string{"channel_guest"}}, "gus"},
		} {
			users, err := g.Users(ctx, c.q)
			got := strings.Fields(names(users, err))
			want := strings.Fields(c.want)
			if c.q.Sort == "create_at" { // accounts of one millisecond come by name
				slices.Sort(got)
				slices.Sort(want)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%+v gave %q, want %q", c.q, got, c.want)
			}
		}
		_, err = g.Users(ctx, client.UsersQuery{WithoutTeam: true})
		refused(t, err, 403, noPermission)
		for _, c := range []struct {
			q    client.UserSearch
			want string
		}{
			{client.UserSearch{Term: "b"}, ""},
			{client.UserSearch{Term: "bob@example"}, ""},
			{client.UserSearch{Term: w.ids["bob"]}, ""},
			{client.UserSearch{Term: w.ids["ann"]}, "ann"},
			{client.UserSearch{Term: "@"}, "ann gus"},
			{client.UserSearch{Term: "@", AllowInactive: true}, "ann gus yan"},
			{client.UserSearch{Term: "@", Role: muster.RoleSystemUser}, "ann"},
			{client.UserSearch{Term: "@", WithoutTeam: true}, ""},
			{client.UserSearch{Term: "@", TeamID: w.team}, "ann gus"},
			{client.UserSearch{Term: "@", TeamID: w.team, NotInChannelID: w.private}, ""},
			{client.UserSearch{Term: "@", NotInTeamID: w.team}, ""},
			{client.UserSearch{Term: "a", InChannelID: w.private}, "ann"},
		} {
			if got := names(g.SearchUsers(ctx, c.q)); got != c.want {
				t.Errorf("search %+v gave %q, want %q", c.q, got, c.want)
			}
		}
		for _, q := range []client.Autocomplete{{}, {TeamID: w.team}, {TeamID: w.team, ChannelID: w.private}} {
			found, err := g.AutocompleteUsers(ctx, q)
			if err != nil || usernames(found.Users) != "ann gus" || len(found.OutOfChannel) != 0 {
				t.Errorf("%+v gave %+v (%v)", q, found, err)
			}
			q.Name = "b"
			if found, err = g.AutocompleteUsers(ctx, q); err != nil || len(found.Users)+len(found.OutOfChannel) != 0 {
				t.Errorf("%+v gave %+v (%v)", q, found, err)
			}
		}
		if got := names(g.UsersByIDs(ctx, all, 0)); got != "ann gus yan" {
			t.Errorf("by ids: %q", got)
		}
		if got := names(g.UsersByUsernames(ctx, []string{"ann", "bob", "carl", "admin", "zoe"})); got != "ann" {
			t.Errorf("by names: %q", got)
		}
		if stats, err := g.UsersStats(ctx); err != nil || stats.TotalUsersCount != 2 {
			t.Errorf("stats: %+v (%v)", stats, err)
		}
		_, err = g.UsersStatsFiltered(ctx, client.StatsQuery{InTeam: w.team})
		refused(t, err, 403, noPermission)
		ids := func(list []string, err error) {
			t.Helper()
			require.NoError(t, err)
			for _, id := range list {
				if id != w.ids["ann"] && id != w.ids["gus"] && id != yan.ID {
					t.Errorf("%s is somebody hidden", id)
				}
			}
			if !slices.Contains(list, w.ids["ann"]) {
				t.Error("ann is not there")
			}
		}
		ids(g.KnownUsers(ctx))
		ids(userIDs(func(m *muster.Status) string { return m.UserID })(g.StatusesByIDs(ctx, all)))
		ids(userIDs(func(m *muster.TeamMember) string { return m.UserID })(g.TeamMembers(ctx, w.team, 0, 60)))
		ids(userIDs(func(m *muster.TeamMember) string { return m.UserID })(g.TeamMembersByIDs(ctx, w.team, all)))
		ids(userIDs(func(m *muster.ChannelMember) string { return m.UserID })(g.ChannelMembers(ctx, w.private, 0, 60)))
		ids(userIDs(func(m *muster.ChannelMember) string { return m.UserID })(g.ChannelMembersByIDs(ctx, w.private, all)))
		square, err := w.ann.ChannelByName(ctx, w.team, muster.DefaultChannel)
		require.NoError(t, err)
		_, err = g.ChannelMembers(ctx, square.ID, 0, 60)
		refused(t, err, 403, noPermission)
		_, err = g.ChannelMembersByIDs(ctx, square.ID, all)
		refused(t, err, 403, noPermission)

		require.NoError(t, w.ann.RemoveChannelMember(ctx, w.private, w.ids["gus"])) // nobody is left to see
		if got := names(g.Users(ctx, client.UsersQuery{})); got != "gus" {
			t.Errorf("alone, the guest sees %q", got)
		}
		_, err = g.User(ctx, w.ids["ann"])
		refused(t, err, 403, noPermission)
	})
}

// userIDs turns the answer of a list into the user ids in it.
func userIDs[T any](of func(T) string) func([]T, error) ([]string, error) {
	return func(list []T, err error) ([]string, error) {
		var ids []string
		for _, v := range list {
			ids = append(ids, of(v))
		}
		return ids, err
	}
}

func TestAGuestHearsNothingOfWhomItMayNotSee(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		w := makeTown(t, s)
		connected := []string{w.ids["ann"], w.ids["bob"], w.ids["gus"]}
		for name, hears := range map[string]bool{"ann": true, "bob": false, "carl": false} {
			s.ForgetEvents()
			_, err := w.admin.PatchUser(ctx, w.ids[name], &muster.UserPatch{Nickname: ptr("n")})
			require.NoError(t, err)
			heard := false
			for _, e := range s.Events(muster.EventUserUpdated) {
				ids, err := s.Services.Directory.Recipients(ctx, e, connected)
				require.NoError(t, err)
				heard = heard || slices.Contains(ids, w.ids["gus"])
				if bob := slices.Contains(ids, w.ids["bob"]); e.Audience.NotAdmins && name != "bob" && !bob {
					t.Errorf("bob does not hear of %s", name)
				}
			}
			if heard != hears {
				t.Errorf("the guest hears of %s: %v", name, heard)
			}
		}
		s.ForgetEvents()
		_, err := w.admin.CreateUser(ctx, account("new"))
		require.NoError(t, err)
		for _, e := range s.Events(muster.EventNewUser) {
			ids, err := s.Services.Directory.Recipients(ctx, e, connected)
			if err != nil || slices.Contains(ids, w.ids["gus"]) || len(ids) != 2 {
				t.Error("who hears of a new account:", ids, err)
			}
		}
	})
}
