package openapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/url"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/testserver"
)

// walk is a server with two people, a team and a channel, whose every answer mustertest holds against the description.
type walk struct {
	t          *testing.T
	s          *testserver.Server
	admin, ann *client.Client
	annID, bob string
	team       *muster.Team
	channel    *muster.Channel
}

func newWalk(t *testing.T) *walk {
	w := &walk{t: t, s: testserver.New(t)}
	w.admin, _ = w.s.Admin(t)
	w.s.Configure(t, `{"ServiceSettings": {"EnableUserAccessTokens": true, "EnableBotAccountCreation": true, "EnableMultifactorAuthentication": true},
		"GuestAccountsSettings": {"Enable": true}, "SupportSettings": {"CustomTermsOfServiceEnabled": true}}`)
	var ann, bob *muster.User
	w.ann, ann = w.s.User(t, "ann")
	_, bob = w.s.User(t, "bob")
	w.annID, w.bob = ann.ID, bob.ID
	w.team = need(w.admin.CreateTeam(t.Context(), &muster.Team{Name: "crew", DisplayName: "Crew", Type: muster.TeamOpen}))(t)
	w.channel = need(w.admin.CreateChannel(t.Context(), &muster.Channel{TeamID: w.team.ID, Type: muster.ChannelPublic, Name: "deck", DisplayName: "Deck"}))(t)
	return w
}

// need returns the value of a call that must succeed.
func need[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// do makes calls that must succeed; what they answer is the description's matter.
func (w *walk) do(calls ...error) {
	w.t.Helper()
	for i, err := range calls {
		if err != nil {
			w.t.Fatalf("call %d: %v", i, err)
		}
	}
}

// of drops the value of a call.
func of[T any](_ T, err error) error { return err }

func TestTeamsAnswerAsDescribed(t *testing.T) {
	w, ctx := newWalk(t), t.Context()
	id := w.team.ID
	w.do(
		of(w.admin.AddTeamMembers(ctx, id, w.annID, w.bob)), of(w.ann.Teams(ctx, 0, 0)), of(w.ann.TeamByName(ctx, "crew")),
		of(w.s.Client().TeamByInvite(ctx, w.team.InviteID)), of(w.ann.TeamStats(ctx, id)), of(w.ann.TeamMembersByIDs(ctx, id, []string{w.bob})),
		of(w.ann.TeamMembersOfUser(ctx, w.annID)), w.admin.UpdateTeamMemberSchemeRoles(ctx, id, w.annID, client.SchemeRoles{User: true, Admin: true}),
		of(w.admin.Do(ctx, &client.Request{Method: "GET", Path: "/users/me/teams/unread"})),
		of(w.admin.Do(ctx, &client.Request{Method: "GET", Path: "/teams", Query: url.Values{"include_total_count": {"true"}}})),
		of(w.admin.InviteToTeam(ctx, id, []string{"new@example.com"}, false)), of(w.admin.InviteToTeam(ctx, id, []string{"none", "b@example.com"}, true)),
		of(w.admin.InviteGuests(ctx, id, client.GuestInvitation{Emails: []string{"g@example.com"}, Channels: []string{w.channel.ID}}, false)),
		w.admin.DeleteTeam(ctx, id), of(w.admin.RestoreTeam(ctx, id)),
	)
}

func TestChannelsAnswerAsDescribed(t *testing.T) {
	w, ctx := newWalk(t), t.Context()
	id := w.channel.ID
	header := "Ahoy"
	w.do(of(w.admin.AddTeamMembers(ctx, w.team.ID, w.annID, w.bob)), of(w.admin.AddChannelMember(ctx, id, w.annID)))
	w.do(
		of(w.admin.Do(ctx, &client.Request{Method: "POST", Path: "/channels/" + id + "/members", Body: []byte(`{"user_ids":["` + w.bob + `"]}`)})),
		of(w.admin.PatchChannel(ctx, id, &muster.ChannelPatch{Header: &header})), of(w.ann.ChannelStats(ctx, id)),
		of(w.ann.ChannelMembersByIDs(ctx, id, []string{w.bob})), of(w.ann.TeamChannels(ctx, w.team.ID, 0, 0)),
		of(w.ann.ChannelMembersOfUser(ctx, w.annID, w.team.ID)), w.admin.UpdateChannelMemberRoles(ctx, id, w.annID, "channel_user channel_admin"),
		w.admin.UpdateChannelMemberSchemeRoles(ctx, id, w.annID, client.SchemeRoles{User: true}), w.admin.RemoveChannelMember(ctx, id, w.bob),
		w.admin.DeleteChannel(ctx, id), of(w.admin.RestoreChannel(ctx, id)),
	)
}

func TestGroupsAnswerAsDescribed(t *testing.T) {
	w, ctx := newWalk(t), t.Context()
	name := "pilots"
	g := need(w.admin.CreateGroup(ctx, &muster.Group{Name: &name, DisplayName: "Pilots", Source: muster.GroupSourceCustom}, w.bob))(t)
	w.do(
		of(w.admin.AddGroupMembers(ctx, g.ID, w.annID)), of(w.ann.Groups(ctx, client.GroupsQuery{})), of(w.ann.Group(ctx, g.ID)),
		of(w.ann.GroupsOfUser(ctx, w.annID)), of(w.ann.GroupStats(ctx, g.ID)), of(w.ann.GroupMembers(ctx, g.ID, 0, 0)),
		of(w.admin.PatchGroup(ctx, g.ID, &muster.GroupPatch{DisplayName: &name})), of(w.admin.RemoveGroupMembers(ctx, g.ID, w.bob)),
		of(w.admin.LinkGroupToTeam(ctx, g.ID, w.team.ID, client.GroupLink{AutoAdd: true})), of(w.admin.GroupTeams(ctx, g.ID)),
		of(w.admin.LinkGroupToChannel(ctx, g.ID, w.channel.ID, client.GroupLink{})), of(w.admin.GroupChannels(ctx, g.ID)),
		w.admin.UnlinkGroupFromChannel(ctx, g.ID, w.channel.ID), w.admin.UnlinkGroupFromTeam(ctx, g.ID, w.team.ID),
		w.admin.DeleteGroup(ctx, g.ID), of(w.admin.RestoreGroup(ctx, g.ID)),
	)
}

func TestAccountsAnswerAsDescribed(t *testing.T) {
	w, ctx := newWalk(t), t.Context()
	b := need(w.admin.CreateBot(ctx, &muster.Bot{Username: "helper"}))(t)
	text := "helps"
	terms := need(w.admin.CreateTerms(ctx, "Be kind."))(t)
	preference := []*muster.Preference{{UserID: w.annID, Category: "sea", Name: "tide", Value: "high"}}
	role := need(w.ann.RoleByName(ctx, muster.RoleTeamUser))(t)
	w.do(
		of(w.admin.PatchBot(ctx, b.UserID, &muster.BotPatch{Description: &text})), of(w.admin.DisableBot(ctx, b.UserID)),
		of(w.admin.EnableBot(ctx, b.UserID)), of(w.admin.AssignBot(ctx, b.UserID, w.annID)), of(w.admin.Bots(ctx, client.BotsQuery{})),
		w.admin.DemoteToGuest(ctx, w.bob), w.admin.PromoteGuest(ctx, w.bob), of(w.ann.Terms(ctx)), w.ann.AcceptTerms(ctx, w.annID, terms.ID, true),
		of(w.ann.AcceptedTerms(ctx, w.annID)), of(w.admin.Roles(ctx)), of(w.ann.Role(ctx, role.ID)), of(w.admin.Audits(ctx, 0, 0)),
		w.ann.UpdatePreferences(ctx, w.annID, preference), of(w.ann.PreferencesOfCategory(ctx, w.annID, "sea")),
		of(w.ann.Preference(ctx, w.annID, "sea", "tide")), of(w.ann.Sessions(ctx, w.annID)), of(w.admin.UserAudits(ctx, w.annID, 0, 0)),
		of(w.admin.CreateAccessToken(ctx, w.annID, "for a program", 0)), of(w.admin.AccessTokensOf(ctx, w.annID, 0, 0)),
		of(w.ann.GenerateMfaSecret(ctx, w.annID)), of(w.admin.Config(ctx)), of(w.ann.ClientConfig(ctx)), of(w.ann.OpenAPI(ctx)),
	)
	w.do(w.s.Client().SendPasswordReset(ctx, "ann@example.com"))
	w.do(w.s.Client().ResetPassword(ctx, w.s.MailedToken(t, "ann@example.com", 1), testserver.Password+"2"))
	w.do(w.s.Client().SendVerification(ctx, "bob@example.com"))
	w.do(w.s.Client().VerifyEmail(ctx, w.s.MailedToken(t, "bob@example.com", 1)))
}

func TestUploadsAnswerAsDescribed(t *testing.T) {
	w, ctx := newWalk(t), t.Context()
	data := []byte("tides and moons")
	u := need(w.admin.CreateUpload(ctx, &muster.Upload{ChannelID: w.channel.ID, Filename: "tides.txt", FileSize: int64(len(data))}))(t)
	w.do(of(w.admin.ContinueUpload(ctx, u.ID, 0, data[:5])), of(w.admin.Upload(ctx, u.ID)), of(w.admin.UploadsOf(ctx, u.UserID)))
	f := need(w.admin.ContinueUpload(ctx, u.ID, 5, data[5:]))(t)
	w.do(of(w.admin.FileInfo(ctx, f.ID)))
	got := need(io.ReadAll(need(w.admin.File(ctx, f.ID))(t)))(t)
	if !bytes.Equal(got, data) {
		t.Errorf("got %q", got)
	}
}

// The served document is the one that this package holds.
func TestTheServerGivesTheDocument(t *testing.T) {
	got := need(testserver.New(t).Client().OpenAPI(context.Background()))(t)
	var doc struct {
		OpenAPI string `json:"openapi"`
	}
	if err := json.Unmarshal(got, &doc); err != nil || doc.OpenAPI != "3.1.0" {
		t.Errorf("%v, version %q", err, doc.OpenAPI)
	}
}
