package attack_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

const invitedEnough = "app.invitation.too_many.app_error"

// strangers are so many addresses, each another one.
func strangers(name string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s%d@example.org", name, i)
	}
	return list
}

// inviteAll sends invitations until one is refused, to the number given at most, and returns how many went.
func inviteAll(t *testing.T, c *client.Client, teamID, name string, most int) (sent int, refusal error) {
	t.Helper()
	for ; sent < most; sent += 10 {
		if _, err := c.InviteToTeam(t.Context(), teamID, strangers(fmt.Sprintf("%s%d-", name, sent), 10), true); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

func bait(t *testing.T, s *testserver.Server) *muster.Team {
	t.Helper()
	admin, _ := s.Admin(t)
	team, err := admin.CreateTeam(t.Context(), &muster.Team{Name: "bait", DisplayName: "Win at https://evil.example/prize now", Type: muster.TeamOpen})
	require.NoError(t, err)
	return team
}

func inTeam(t *testing.T, s *testserver.Server, teamID, name string) (*client.Client, *muster.User) {
	t.Helper()
	admin, _ := s.Admin(t)
	c, u := s.User(t, name)
	_, err := admin.AddTeamMember(t.Context(), teamID, u.ID)
	require.NoError(t, err)
	return c, u
}

// Before, any member of a team had hundreds of strangers mailed, with the team's name as bait and as a link in the subject.
func TestInvitationsAreRationed(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		team := bait(t, s)
		s.Configure(t, `{"TeamSettings":{"MaxInvitationsPerDay":80}}`) // a person 20 an hour, a team 40
		node := s.Node(t, time.Now)                                    // remembers as much as one that is started later
		ann, u := inTeam(t, s, team.ID, "ann")
		sent, err := inviteAll(t, ann, team.ID, "a", 300)
		refusedWith(t, "one more", err, http.StatusTooManyRequests, invitedEnough)
		if sent != 20 {
			t.Errorf("%d invitations went", sent)
		}
		resp, err := ann.Do(ctx, &client.Request{Method: http.MethodPost, Path: "/teams/" + team.ID + "/invite/email", Body: []byte(`["one@example.org"]`)})
		if err == nil || resp.Header.Get("Retry-After") == "" {
			t.Errorf("no Retry-After: %v", err)
		}
		if _, err := client.New(node.URL, client.WithToken(ann.Token())).InviteToTeam(ctx, team.ID, []string{"two@example.org"}, false); err == nil {
			t.Error("a restart forgets the quota")
		}
		audits, err := s.Store.Audits(ctx, u.ID, 0, 200)
		require.NoError(t, err)
		invited := 0
		for _, a := range audits {
			if strings.Contains(a.ExtraInfo, "invited") {
				invited++
			}
		}
		if invited != 20 {
			t.Errorf("the history tells of %d invitations", invited)
		}
		bob, _ := inTeam(t, s, team.ID, "bob")
		if sent, _ := inviteAll(t, bob, team.ID, "b", 300); sent != 20 {
			t.Errorf("another member sent %d", sent)
		}
		eve, _ := inTeam(t, s, team.ID, "eve")
		if sent, _ := inviteAll(t, eve, team.ID, "e", 300); sent != 0 {
			t.Errorf("the team's quota was used up, but a third member sent %d", sent)
		}
		admin, _ := s.Admin(t)
		if sent, err := inviteAll(t, admin, team.ID, "m", 200); sent != 200 {
			t.Errorf("the administrator sent %d: %v", sent, err)
		}
		sent, err = inviteAll(t, admin, team.ID, "n", 300)
		refusedWith(t, "the administrator goes on", err, http.StatusTooManyRequests, invitedEnough)
		if sent >= 300 {
			t.Error("there is no bound for administrators")
		}
	})
}

// Before, an administrator who invited a company left its members none of the team's quota.
func TestAdministratorsInviteAtNobodysCost(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		team := bait(t, s)
		s.Configure(t, `{"TeamSettings":{"MaxInvitationsPerDay":80}}`) // a team 40 an hour
		ann, _ := inTeam(t, s, team.ID, "ann")
		admin, _ := s.Admin(t)
		if sent, err := inviteAll(t, admin, team.ID, "m", 100); err != nil {
			t.Fatalf("the administrator sent %d: %v", sent, err)
		}
		if sent, err := inviteAll(t, ann, team.ID, "a", 20); err != nil {
			t.Errorf("a member sent %d: %v", sent, err)
		}
	})
}

func TestInvitationsNameTheirSenderAndHoldNoBait(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		team := bait(t, s)
		ana, _ := inTeam(t, s, team.ID, "ana")
		first, last := "Ana", "Weber www.evil.example"
		_, err := ana.PatchUser(ctx, client.Me, &muster.UserPatch{FirstName: &first, LastName: &last})
		require.NoError(t, err)
		_, err = ana.InviteToTeam(ctx, team.ID, []string{"stranger@example.org"}, false)
		require.NoError(t, err)
		m := s.Mails(t, "stranger@example.org", 1)[0]
		text := strings.Join(strings.Fields(m.Text), " ")
		if !strings.Contains(text, "Ana Weber www evil example (ana@example.com) invited you to join the team Win at https evil example prize now") {
			t.Errorf("the mail says:\n%s", m.Text)
		}
		for _, link := range []string{"://evil", "evil.example"} {
			if strings.Contains(m.Subject+m.Text+m.HTML, link) {
				t.Errorf("%q is in the mail: %s\n%s", link, m.Subject, m.Text)
			}
		}
	})
}
