package attack_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"muster"
	openapi "muster/api"
	"muster/client"
	"muster/internal/require"
	"muster/internal/store/storetest"
	"muster/internal/testserver"
)

// The roles of these tests. Built-in ones stand for an administrator's own: what counts is what a role grants, not what it is called.
const (
	chiefRole  = "system_post_all"        // grants manage_system, manage_roles and nothing else
	deputyRole = "system_post_all_public" // grants everything but manage_system
)

// court is a chief, who has a thing of every kind, and a deputy who may do everything but what the chief may.
type court struct {
	s                    *testserver.Server
	admin, deputy, chief *client.Client
	chiefID, deputyID    string
	names                map[string]string // what the {names} of a path are
}

func grantRole(t *testing.T, admin *client.Client, name string, permissions ...string) {
	t.Helper()
	role, err := admin.RoleByName(t.Context(), name)
	require.NoError(t, err)
	_, err = admin.PatchRole(t.Context(), role.ID, &muster.RolePatch{Permissions: &permissions})
	require.NoError(t, err)
}

// allBut returns every permission but the ones named.
func allBut(without ...muster.Permission) []string {
	var all []string
	for _, r := range muster.BuiltInRoles() {
		if r.Name != muster.RoleSystemAdmin {
			continue
		}
		for _, p := range r.Permissions {
			keep := true
			for _, w := range without {
				keep = keep && p != string(w)
			}
			if keep {
				all = append(all, p)
			}
		}
	}
	return all
}

func makeCourt(t *testing.T, s *testserver.Server) *court {
	t.Helper()
	ctx := t.Context()
	admin, _ := s.Admin(t)
	s.Configure(t, `{"ServiceSettings":{"EnableUserAccessTokens":true,"EnableBotAccountCreation":true,"EnableMultifactorAuthentication":true,"EnableAPIUserDeletion":true},
		"TeamSettings":{"EnableUserDeactivation":true},"GuestAccountsSettings":{"Enable":true}}`)
	grantRole(t, admin, chiefRole, string(muster.PermManageSystem), string(muster.PermManageRoles))
	grantRole(t, admin, deputyRole, allBut(muster.PermManageSystem)...)
	chief, chiefUser := s.User(t, "chief")
	deputy, deputyUser := s.User(t, "deputy")
	c := &court{s: s, admin: admin, deputy: deputy, chief: chief, chiefID: chiefUser.ID, deputyID: deputyUser.ID}

	// The chief's things are made while it may make them; then it keeps manage_system alone.
	require.NoError(t, admin.UpdateUserRoles(ctx, c.chiefID, "system_user "+deputyRole))
	bot, err := chief.CreateBot(ctx, &muster.Bot{Username: "courier"})
	require.NoError(t, err)
	token, err := chief.CreateAccessToken(ctx, c.chiefID, "errands", 0)
	require.NoError(t, err)
	require.NoError(t, chief.UpdatePreferences(ctx, c.chiefID, []*muster.Preference{{UserID: c.chiefID, Category: "theme", Name: "x", Value: "y"}}))
	team, err := admin.CreateTeam(ctx, &muster.Team{Name: "court", DisplayName: "Court", Type: muster.TeamOpen})
	require.NoError(t, err)
	channel, err := admin.CreateChannel(ctx, &muster.Channel{TeamID: team.ID, Name: "hall", DisplayName: "Hall", Type: muster.ChannelPublic})
	require.NoError(t, err)
	_, err = admin.AddTeamMember(ctx, team.ID, c.chiefID)
	require.NoError(t, err)
	_, err = admin.AddChannelMember(ctx, channel.ID, c.chiefID)
	require.NoError(t, err)
	sessions, err := s.Store.Sessions(ctx, c.chiefID)
	require.NoError(t, err)
	require.NoError(t, admin.UpdateUserRoles(ctx, c.chiefID, "system_user "+chiefRole))
	require.NoError(t, admin.UpdateUserRoles(ctx, c.deputyID, "system_user "+deputyRole))
	c.names = map[string]string{
		"user_id": c.chiefID, "bot_user_id": bot.UserID, "token_id": token.ID, "team_id": team.ID, "channel_id": channel.ID,
		"category": "theme", "preference_name": "x", "session_id": sessions[0].ID, "deputy_id": c.deputyID,
	}
	return c
}

// aboutSomebody is a request about another account, as the deputy sends it about the chief.
type aboutSomebody struct {
	body   string
	status int
	id     string // of the refusal; "" for the usual one
	why    string // of what is not refused
}

const (
	shown      = "what everybody may see of a person"
	callersOwn = "is about the caller, whatever the path says"
	membership = "who belongs to a team or channel is for those who manage it; it grants nothing elsewhere"
	picture    = "(a picture)"
)

// aboutOthers has a line for every route that names an account, a bot or a token.
var aboutOthers = map[string]aboutSomebody{
	"GET /users/{user_id}":                            {status: 200, why: shown},
	"PUT /users/{user_id}":                            {body: `{"id":"{user_id}","username":"taken","email":"taken@example.com"}`, status: 403},
	"DELETE /users/{user_id}":                         {status: 403},
	"PUT /users/{user_id}/patch":                      {body: `{"email":"taken@example.com"}`, status: 403},
	"PUT /users/{user_id}/active":                     {body: `{"active":false}`, status: 403},
	"PUT /users/{user_id}/roles":                      {body: `{"roles":"system_user"}`, status: 403},
	"PUT /users/{user_id}/password":                   {body: `{"new_password":"An0ther!password"}`, status: 403, id: "api.user.update_password.context.app_error"},
	"PUT /users/{user_id}/auth":                       {body: `{"auth_service":"saml","auth_data":"taken"}`, status: 403},
	"POST /users/{user_id}/email/verify/member":       {status: 403},
	"GET /users/{user_id}/image":                      {status: 200, why: shown},
	"POST /users/{user_id}/image":                     {body: picture, status: 403},
	"DELETE /users/{user_id}/image":                   {status: 403},
	"GET /users/{user_id}/image/default":              {status: 200, why: shown},
	"GET /users/{user_id}/audits":                     {status: 403},
	"GET /users/{user_id}/sessions":                   {status: 403},
	"POST /users/{user_id}/sessions/revoke":           {body: `{"session_id":"{session_id}"}`, status: 403},
	"POST /users/{user_id}/reset_failed_attempts":     {status: 403},
	"POST /users/{user_id}/sessions/revoke/all":       {status: 403},
	"POST /users/{user_id}/tokens":                    {body: `{"description":"taken"}`, status: 403},
	"GET /users/{user_id}/tokens":                     {status: 403},
	"GET /users/tokens/{token_id}":                    {status: 403},
	"POST /users/tokens/disable":                      {body: `{"token_id":"{token_id}"}`, status: 403},
	"POST /users/tokens/enable":                       {body: `{"token_id":"{token_id}"}`, status: 403},
	"POST /users/tokens/revoke":                       {body: `{"token_id":"{token_id}"}`, status: 403},
	"GET /users/{user_id}/mfa/recovery_codes":         {status: 403},
	"POST /users/{user_id}/mfa/recovery_codes":        {status: 403},
	"POST /users/{user_id}/mfa/generate":              {status: 403},
	"PUT /users/{user_id}/mfa":                        {body: `{"activate":false}`, status: 403},
	"GET /bots/{bot_user_id}":                         {status: 200, why: "read_others_bots is asked for"},
	"PUT /bots/{bot_user_id}":                         {body: `{"description":"taken"}`, status: 403},
	"POST /bots/{bot_user_id}/disable":                {status: 403},
	"POST /bots/{bot_user_id}/enable":                 {status: 403},
	"POST /bots/{bot_user_id}/assign/{user_id}":       {status: 403},
	"POST /bots/{bot_user_id}/convert_to_user":        {body: `{"password":"An0ther!password"}`, status: 403},
	"POST /users/{user_id}/convert_to_bot":            {status: 403},
	"POST /users/{user_id}/promote":                   {status: 403},
	"POST /users/{user_id}/demote":                    {status: 403},
	"GET /users/{user_id}/groups":                     {status: 403},
	"POST /users/{user_id}/terms_of_service":          {body: `{"termsOfServiceId":"{user_id}","accepted":true}`, status: 404, id: "app.terms_of_service.get.no_rows.app_error", why: callersOwn},
	"GET /users/{user_id}/terms_of_service":           {status: 404, id: "app.user_terms_of_service.get_by_user.no_rows.app_error", why: callersOwn},
	"GET /users/{user_id}/uploads":                    {status: 403, id: "api.user.get_uploads_for_user.forbidden.app_error"},
	"GET /users/{user_id}/teams":                      {status: 403},
	"GET /users/{user_id}/teams/members":              {status: 200, why: "read_other_users_teams is asked for"},
	"GET /users/{user_id}/teams/unread":               {status: 200, why: "read_other_users_teams is asked for"},
	"GET /users/{user_id}/teams/{team_id}/channels":   {status: 403},
	"GET /users/{user_id}/channel_members":            {status: 403},
	"GET /users/{user_id}/status":                     {status: 200, why: shown},
	"PUT /users/{user_id}/status":                     {body: `{"user_id":"{user_id}","status":"away"}`, status: 403},
	"POST /users/{user_id}/typing":                    {body: `{"channel_id":"{channel_id}"}`, status: 403},
	"GET /users/{user_id}/preferences":                {status: 403},
	"PUT /users/{user_id}/preferences":                {body: `[{"user_id":"{user_id}","category":"theme","name":"x","value":"taken"}]`, status: 403},
	"POST /users/{user_id}/preferences/delete":        {body: `[{"user_id":"{user_id}","category":"theme","name":"x"}]`, status: 403},
	"GET /users/{user_id}/preferences/{category}":     {status: 403},
	"GET /teams/{team_id}/members/{user_id}":          {status: 200, why: membership},
	"DELETE /teams/{team_id}/members/{user_id}":       {status: 200, why: membership},
	"PUT /teams/{team_id}/members/{user_id}/roles":    {body: `{"roles":"team_user"}`, status: 200, why: membership},
	"GET /channels/{channel_id}/members/{user_id}":    {status: 200, why: membership},
	"DELETE /channels/{channel_id}/members/{user_id}": {status: 200, why: membership},

	"GET /users/{user_id}/teams/{team_id}/channels/members":              {status: 403},
	"GET /users/{user_id}/preferences/{category}/name/{preference_name}": {status: 403},
	"PUT /teams/{team_id}/members/{user_id}/schemeRoles":                 {body: `{"scheme_user":true}`, status: 200, why: membership},
	"PUT /channels/{channel_id}/members/{user_id}/roles":                 {body: `{"roles":"channel_user"}`, status: 200, why: membership},
	"PUT /channels/{channel_id}/members/{user_id}/schemeRoles":           {body: `{"scheme_user":true}`, status: 200, why: membership},
}

// namesSomebody tells a route that is about an account from others; the three about a token name it in the body.
var namesSomebody = regexp.MustCompile(`\{(user_id|token_id|bot_user_id)\}|^POST /users/tokens/(disable|enable|revoke)$`)

func describedRoutes(t *testing.T) []string {
	t.Helper()
	text, err := openapi.JSON()
	require.NoError(t, err)
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(text, &doc))
	var routes []string
	for path, item := range doc.Paths {
		for method := range item {
			if method != "parameters" {
				routes = append(routes, strings.ToUpper(method)+" "+path)
			}
		}
	}
	return routes
}

func TestNobodyActsOnSomebodyAbove(t *testing.T) {
	asked := map[string]bool{}
	for _, route := range describedRoutes(t) {
		if namesSomebody.MatchString(route) {
			asked[route] = true
			if _, ok := aboutOthers[route]; !ok {
				t.Errorf("%s is about an account and not in the table: add a line that says who may ask it about whom", route)
			}
		}
	}
	for route := range aboutOthers {
		if !asked[route] {
			t.Errorf("%s is in the table and no route", route)
		}
	}
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		c := makeCourt(t, s)
		before := c.kept(t)
		for route, q := range aboutOthers {
			if q.why == membership {
				continue
			}
			got := c.ask(t, route, q.body)
			wantID := q.id
			if wantID == "" && q.status == http.StatusForbidden {
				wantID = noPermission
			}
			if got.status != q.status || got.status >= http.StatusBadRequest && got.errorID() != wantID {
				t.Errorf("%s: %d %s, want %d %s", route, got.status, got.body, q.status, wantID)
			}
			if after := c.kept(t); !reflect.DeepEqual(after, before) {
				t.Errorf("%s changed what is kept of the chief:\n%+v\n%+v", route, before, after)
				before = after
			}
		}
		for route, q := range aboutOthers { // these do change something, so they come last
			if q.why == membership && strings.HasPrefix(route, "GET ") {
				if got := c.ask(t, route, q.body); got.status != q.status {
					t.Errorf("%s: %d %s, want %d", route, got.status, got.body, q.status)
				}
			}
		}
	})
}

// kept is all that the deputy might have changed of the chief and its bot.
func (c *court) kept(t *testing.T) map[string]any {
	t.Helper()
	ctx := t.Context()
	kept := map[string]any{}
	for _, id := range []string{c.chiefID, c.names["bot_user_id"]} {
		u, err := c.s.Store.User(ctx, id)
		require.NoError(t, err)
		mfa, err := c.s.Store.MfaState(ctx, id)
		require.NoError(t, err)
		sessions, err := c.s.Store.Sessions(ctx, id)
		require.NoError(t, err)
		for _, s := range sessions {
			s.LastActivityAt = 0
		}
		tokens, err := c.s.Store.AccessTokens(ctx, id, 0, 10)
		require.NoError(t, err)
		preferences, err := c.s.Store.Preferences(ctx, id)
		require.NoError(t, err)
		statuses, err := c.s.Store.Statuses(ctx, []string{id})
		require.NoError(t, err)
		kept[id] = []any{u, mfa, sessions, tokens, preferences, statuses}
	}
	bot, err := c.s.Store.Bot(ctx, c.names["bot_user_id"])
	require.NoError(t, err)
	kept["bot"] = bot
	kept["events"] = len(c.s.Events(muster.EventUserUpdated))
	return kept
}

// ask sends a request as the deputy.
func (c *court) ask(t *testing.T, route, body string) *answer {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	fill := func(text string) string {
		for name, value := range c.names {
			text = strings.ReplaceAll(text, "{"+name+"}", value)
		}
		return text
	}
	kind := "application/json"
	text := fill(body)
	if body == picture {
		kind = "multipart/form-data; boundary=x"
		text = "--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"x.png\"\r\n\r\nno picture\r\n--x--\r\n"
	}
	q, err := http.NewRequestWithContext(t.Context(), method, c.s.URL+"/api/v4"+fill(path), strings.NewReader(text))
	require.NoError(t, err)
	q.Header.Set("Content-Type", kind)
	q.Header.Set("Authorization", "Bearer "+c.deputy.Token())
	resp, err := http.DefaultClient.Do(q)
	require.NoError(t, err)
	said, err := io.ReadAll(resp.Body)
	require.NoError(t, errors.Join(err, resp.Body.Close()))
	return &answer{resp.StatusCode, resp.Header, said}
}

func TestNobodyGrantsMoreThanTheyHold(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		c := makeCourt(t, s)
		_, annUser := s.User(t, "ann")
		for name, err := range map[string]error{
			"itself the custom role":   c.deputy.UpdateUserRoles(ctx, c.deputyID, "system_user "+deputyRole+" "+chiefRole),
			"itself the built-in role": c.deputy.UpdateUserRoles(ctx, c.deputyID, "system_user system_admin"),
			"another the custom role":  c.deputy.UpdateUserRoles(ctx, annUser.ID, "system_user "+chiefRole),
			"the chief fewer roles":    c.deputy.UpdateUserRoles(ctx, c.chiefID, "system_user"),
		} {
			t.Run(name, func(t *testing.T) { refused(t, err, http.StatusForbidden, noPermission) })
		}
		role, err := c.deputy.RoleByName(ctx, deputyRole)
		require.NoError(t, err)
		all := allBut()
		_, err = c.deputy.PatchRole(ctx, role.ID, &muster.RolePatch{Permissions: &all})
		refused(t, err, http.StatusForbidden, noPermission)
		for id, want := range map[string]string{
			c.deputyID: "system_user " + deputyRole, annUser.ID: "system_user", c.chiefID: "system_user " + chiefRole,
		} {
			u, err := s.Store.User(ctx, id)
			require.NoError(t, err)
			if u.Roles != want {
				t.Errorf("roles %q, want %q", u.Roles, want)
			}
		}
		require.NoError(t, c.deputy.UpdateUserRoles(ctx, annUser.ID, "system_user "+deputyRole)) // what one holds one may grant
		require.NoError(t, c.chief.UpdateUserRoles(ctx, c.deputyID, "system_user"))              // manage_system may act on anybody
	})
}

// What a membership's explicit roles grant is held by the granter there.
func TestNobodyGrantsMoreInATeamThanTheyHoldThere(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		c := makeCourt(t, s)
		_, captain := s.User(t, "captain")
		captainClient, _ := s.SignIn(t, "captain")
		team, channel := c.names["team_id"], c.names["channel_id"]
		_, err := c.admin.AddTeamMember(ctx, team, captain.ID)
		require.NoError(t, err)
		_, err = c.admin.AddChannelMember(ctx, channel, captain.ID)
		require.NoError(t, err)
		require.NoError(t, c.admin.UpdateTeamMemberRoles(ctx, team, captain.ID, "team_user team_admin"))
		const strong = "team_post_all"
		grantRole(t, c.admin, strong, string(muster.PermManageTeam), string(muster.PermReadAudits))
		const weak = "team_post_all_public"
		grantRole(t, c.admin, weak, string(muster.PermManageTeam))
		refused(t, captainClient.UpdateTeamMemberRoles(ctx, team, captain.ID, "team_user team_admin "+strong), http.StatusForbidden, noPermission)
		require.NoError(t, captainClient.UpdateTeamMemberRoles(ctx, team, captain.ID, "team_user team_admin "+weak))
		require.NoError(t, c.admin.UpdateTeamMemberRoles(ctx, team, captain.ID, "team_user team_admin "+strong))
		require.NoError(t, captainClient.UpdateTeamMemberRoles(ctx, team, captain.ID, "team_user team_admin "+strong)) // it has the role already
	})
}

// A promotion that comes between the decision and the write is seen: the store decides on the locked row. Written past the account cache, it is what
// another request commits meanwhile.
func TestAPromotionIsSeenByWhatRacesIt(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		c := makeCourt(t, s)
		give := func(roles string) {
			t.Helper()
			storetest.ExecUnseen(t, s.Store, "UPDATE users SET roles = '"+roles+"' WHERE id = '"+c.chiefID+"'")
		}
		for route, q := range aboutOthers {
			if q.why != "" || strings.HasPrefix(route, "GET ") {
				continue
			}
			give("system_user")
			nickname := route[:min(len(route), muster.NameMaxRunes)]
			_, err := c.admin.PatchUser(ctx, c.chiefID, &muster.UserPatch{Nickname: &nickname}) // the cache reads the account anew
			require.NoError(t, err)
			_, err = c.admin.User(ctx, c.chiefID)
			require.NoError(t, err)
			give("system_user " + chiefRole)
			before := c.kept(t)
			if got := c.ask(t, route, q.body); got.status < http.StatusBadRequest {
				t.Errorf("%s: %d %s", route, got.status, got.body)
			}
			if after := c.kept(t); !reflect.DeepEqual(after, before) {
				t.Errorf("%s changed what is kept of the chief:\n%+v\n%+v", route, before, after)
			}
		}
	})
}
