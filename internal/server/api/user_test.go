package api_test

import (
	"fmt"
	"strings"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/testserver"
)

// refused holds that an answer was an error object of that status and id, with a sentence and a request id.
func refused(t *testing.T, err error, status int, id string) {
	t.Helper()
	e, ok := err.(*client.Error) //nolint:errorlint // the client gives its error unwrapped
	if !ok {
		t.Fatalf("got %v, want %d %s", err, status, id)
	}
	if e.StatusCode != status || e.ID != id || e.Message == "" || e.RequestID == "" {
		t.Fatalf("got %+v, want %d %s", e, status, id)
	}
}

func account(name string) *muster.User {
	return &muster.User{Username: name, Email: name + "@example.com", Password: testserver.Password}
}

func ptr[T any](v T) *T { return &v }

func TestTheFirstAccountIsTheAdministratorOfAClosedServer(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		first, err := s.Client().CreateUser(ctx, account("first"))
		require.NoError(t, err)
		if first.Roles != "system_admin system_user" {
			t.Fatalf("roles %q", first.Roles)
		}
		_, err = s.Client().CreateUser(ctx, account("second"))
		refused(t, err, 403, "api.user.create_user.no_open_server")
		admin, _ := s.SignIn(t, "first")
		_, err = admin.PatchConfig(ctx, []byte(`{"TeamSettings":{"EnableOpenServer":true}}`))
		require.NoError(t, err)
		second, err := s.Client().CreateUser(ctx, account("second"))
		require.NoError(t, err)
		if second.Roles != "system_user" || second.Password != "" {
			t.Fatalf("%+v", second)
		}
		if n := len(s.Events(muster.EventNewUser)); n != 2 {
			t.Fatalf("%d new_user events", n)
		}
	})
}

func TestSignUpIsHeldToTheSettings(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, `{"TeamSettings":{"EnableOpenServer":true,"RestrictCreationToDomains":"corp.example, @other.example"}}`)
		_, err := s.Client().CreateUser(ctx, account("ann"))
		refused(t, err, 400, "api.user.create_user.accepted_domain.app_error")
		in := account("ann")
		in.Email = "ann@corp.example"
		_, err = s.Client().CreateUser(ctx, in)
		require.NoError(t, err)
		s.Configure(t, `{"TeamSettings":{"EnableUserCreation":false}}`)
		_, err = s.Client().CreateUser(ctx, account("bob"))
		refused(t, err, 501, "api.user.create_user.signup_email_disabled.app_error")
	})
}

func TestWhatAStrangerMayNotChooseAboutItself(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, `{"TeamSettings":{"EnableOpenServer":true}}`)
		in := account("ann")
		in.Roles, in.EmailVerified, in.CreateAt, in.DeleteAt, in.FailedAttempts, in.MfaActive = "system_admin", true, 1000, 5, 9, true
		in.AuthService, in.AuthData = "saml", ptr("x")
		got, err := s.Client().CreateUser(ctx, in)
		require.NoError(t, err)
		if got.Roles != "system_user" || got.EmailVerified || got.CreateAt == 1000 || got.DeleteAt != 0 || got.AuthService != "" || got.MfaActive {
			t.Fatalf("%+v", got)
		}
		admin, _ := s.Admin(t)
		in = account("import")
		in.CreateAt = 1000
		got, err = admin.CreateUser(ctx, in)
		require.NoError(t, err)
		if got.CreateAt != 1000 {
			t.Fatalf("an administrator's import keeps create_at, got %d", got.CreateAt)
		}
		in = account("odd")
		in.Password, in.AuthService, in.AuthData = "", "nonsense", ptr("x")
		_, err = admin.CreateUser(ctx, in)
		refused(t, err, 400, "model.user.is_valid.auth_data_type.app_error")
	})
}

func TestNamesAreFoldedOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		in := account("Ann")
		in.Email = " ANN@Example.COM "
		got, err := admin.CreateUser(ctx, in)
		require.NoError(t, err)
		if got.Username != "ann" || got.Email != "ann@example.com" {
			t.Fatalf("%q %q", got.Username, got.Email)
		}
		_, err = admin.CreateUser(ctx, account("aNN"))
		refused(t, err, 400, "app.user.save.username_exists.app_error")
		for _, name := range []string{"ANN", " ann ", "Ann@EXAMPLE.com"} {
			_, err := s.Client().Login(ctx, name, testserver.Password)
			require.NoError(t, err)
		}
		_, err = admin.UserByUsername(ctx, "ANN")
		require.NoError(t, err)
	})
}

func TestABadFieldIsRefusedAndChangesNothing(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := s.User(t, "ann")
		long := strings.Repeat("x", 5000)
		for name, p := range map[string]*muster.UserPatch{
			"username":        {Username: ptr("a b")},
			"nickname":        {Nickname: ptr("a\x00b")},
			"first_name":      {FirstName: ptr("a\u0007b")},
			"last_name":       {LastName: &long},
			"position":        {Position: &long},
			"locale":          {Locale: ptr("zz")},
			"timezone_limit":  {Timezone: map[string]string{"x": long}},
			"invalidProperty": {Props: map[string]string{"x": "a\x00"}},
		} {
			p.Nickname = cmpPtr(p.Nickname, "changed")
			_, err := ann.PatchUser(ctx, me.ID, p)
			refused(t, err, 400, "model.user.is_valid."+name+".app_error")
		}
		got, err := ann.Me(ctx)
		require.NoError(t, err)
		if got.Nickname != "" || got.UpdateAt != me.UpdateAt {
			t.Fatalf("changed: %+v", got)
		}
		if n := len(s.Events(muster.EventUserUpdated)); n != 0 {
			t.Fatalf("%d events of refused changes", n)
		}
	})
}

func cmpPtr(p *string, otherwise string) *string {
	if p == nil {
		return &otherwise
	}
	return p
}

func TestAChangeIsToldToEachWhatTheyMaySee(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := s.User(t, "ann")
		s.Configure(t, `{"PrivacySettings":{"ShowEmailAddress":false,"ShowFullName":false}}`)
		s.ForgetEvents()
		_, err := ann.PatchUser(ctx, "me", &muster.UserPatch{FirstName: ptr("Ann"), NotifyProps: map[string]string{"email": "false"}})
		require.NoError(t, err)
		events := s.Events(muster.EventUserUpdated)
		if len(events) != 3 {
			t.Fatalf("%d events", len(events))
		}
		for _, e := range events {
			u := e.Data["user"].(*muster.User)
			switch {
			case u.Password != "" || u.MfaSecret != "":
				t.Fatal("a secret was published")
			case e.Audience.UserID == me.ID:
				if u.FirstName != "Ann" || u.NotifyProps["email"] != "false" {
					t.Fatalf("to oneself: %+v", u)
				}
			case e.Audience.Admins:
				if len(e.Audience.OmitUsers) != 1 || u.FirstName != "Ann" || u.Email == "" || u.NotifyProps != nil {
					t.Fatalf("to administrators: %+v %+v", e.Audience, u)
				}
			case len(e.Audience.OmitUsers) != 1 || !e.Audience.NotAdmins || e.Audience.About != me.ID || u.FirstName != "" || u.Email != "" || u.NotifyProps != nil:
				t.Fatalf("to others: %+v %+v", e.Audience, u)
			}
		}
	})
}

func TestPrivacySettingsHideFromOthersOnly(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, _ := s.User(t, "ann")
		bob, bobUser := s.User(t, "bob")
		_, err := bob.PatchUser(ctx, "me", &muster.UserPatch{LastName: ptr("Builder")})
		require.NoError(t, err)
		s.Configure(t, `{"PrivacySettings":{"ShowEmailAddress":false,"ShowFullName":false}}`)
		seen, err := ann.User(ctx, bobUser.ID)
		require.NoError(t, err)
		if seen.Email != "" || seen.LastName != "" {
			t.Fatalf("%+v", seen)
		}
		_, err = ann.UserByEmail(ctx, "bob@example.com")
		refused(t, err, 403, "api.user.get_user_by_email.permissions.app_error")
		found, err := ann.SearchUsers(ctx, client.UserSearch{Term: "builder"})
		require.NoError(t, err)
		if len(found) != 0 {
			t.Fatal("a hidden name was searched")
		}
		admin, _ := s.Admin(t)
		found, err = admin.SearchUsers(ctx, client.UserSearch{Term: "builder"})
		require.NoError(t, err)
		if len(found) != 1 || found[0].Email == "" {
			t.Fatal("an administrator sees everything")
		}
	})
}

func TestDeactivationTakesEffectAtOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, adminUser := s.Admin(t)
		ann, me := s.User(t, "ann")
		require.NoError(t, admin.UpdateUserActive(ctx, me.ID, false))
		_, err := ann.Me(ctx)
		refused(t, err, 401, "api.context.session_expired.app_error")
		_, err = s.Client().Login(ctx, "ann", testserver.Password)
		refused(t, err, 401, "api.user.login.inactive.app_error")
		_, err = s.Client().Login(ctx, "ann", "wrong") // whoever does not know the password learns nothing
		refused(t, err, 401, "api.user.login.invalid_credentials_email_username")
		require.NoError(t, admin.UpdateUserActive(ctx, me.ID, true))
		s.SignIn(t, "ann")
		if n := len(s.Events(muster.EventUserActivationStatusChange)); n != 2 {
			t.Fatalf("%d events", n)
		}
		err = admin.DeleteUser(ctx, adminUser.ID)
		refused(t, err, 400, "app.user.update.lastAdmin.app_error")
	})
}

func TestRolesTakeEffectAtOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, adminUser := s.Admin(t)
		ann, me := s.User(t, "ann")
		_, err := ann.Config(ctx)
		refused(t, err, 403, "api.context.permissions.app_error")
		require.NoError(t, admin.UpdateUserRoles(ctx, me.ID, "system_user system_admin"))
		_, err = ann.Config(ctx)
		require.NoError(t, err)
		require.NoError(t, ann.UpdateUserRoles(ctx, adminUser.ID, "system_user"))
		_, err = admin.Config(ctx)
		refused(t, err, 403, "api.context.permissions.app_error")
		err = ann.UpdateUserRoles(ctx, me.ID, "system_user")
		refused(t, err, 400, "app.user.update.lastAdmin.app_error")
		events := s.Events(muster.EventUserRoleUpdated)
		if len(events) != 2 || events[0].Data["user_id"] != me.ID || events[0].Audience.UserID != me.ID {
			t.Fatalf("%+v", events)
		}
	})
}

func TestOnlyAnAdministratorMakesAdministrators(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, adminUser := s.Admin(t)
		manager, managerUser := s.User(t, "manager")
		role, err := admin.RoleByName(ctx, "system_manager")
		require.NoError(t, err)
		granted := append(role.Permissions, "manage_roles", "edit_other_users", "sysconsole_write_user_management_users")
		_, err = admin.PatchRole(ctx, role.ID, &muster.RolePatch{Permissions: &granted})
		require.NoError(t, err)
		require.NoError(t, admin.UpdateUserRoles(ctx, managerUser.ID, "system_user system_manager"))
		_, ann := s.User(t, "ann")
		require.NoError(t, manager.UpdateUserRoles(ctx, ann.ID, "system_user system_user_manager"))
		err = manager.UpdateUserRoles(ctx, managerUser.ID, "system_user system_admin")
		refused(t, err, 403, "api.context.permissions.app_error")
		err = manager.UpdateUserRoles(ctx, adminUser.ID, "system_user")
		refused(t, err, 403, "api.context.permissions.app_error")
		err = manager.UpdateUserPassword(ctx, adminUser.ID, "", "N3w!password")
		refused(t, err, 403, "api.user.update_password.context.app_error")
		_, err = manager.PatchUser(ctx, adminUser.ID, &muster.UserPatch{Email: ptr("mine@example.com")})
		refused(t, err, 403, "api.context.permissions.app_error")
		refused(t, manager.DeleteUser(ctx, adminUser.ID), 403, "api.context.permissions.app_error")
	})
}

func TestPermanentDeletion(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, adminUser := s.Admin(t)
		ann, me := s.User(t, "ann")
		refused(t, admin.DeleteUserPermanently(ctx, me.ID), 401, "api.user.delete_user.not_enabled.app_error")
		s.Configure(t, `{"ServiceSettings":{"EnableAPIUserDeletion":true}}`)
		require.NoError(t, admin.DeleteUserPermanently(ctx, me.ID))
		_, err := ann.Me(ctx)
		refused(t, err, 401, "api.context.session_expired.app_error")
		_, err = admin.User(ctx, me.ID)
		refused(t, err, 404, "app.user.missing_account.const")
		refused(t, admin.DeleteUserPermanently(ctx, adminUser.ID), 400, "app.user.update.lastAdmin.app_error")
		_, err = admin.CreateUser(ctx, account("ann"))
		require.NoError(t, err)
	})
}

func TestAClosedServerTakesOneFirstAccountInARace(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		const many = 6
		errs := make(chan error, many)
		for i := range many {
			go func() {
				_, err := s.Client().CreateUser(t.Context(), account(fmt.Sprint("u", i)))
				errs <- err
			}()
		}
		created := 0
		for range many {
			if err := <-errs; err == nil {
				created++
			} else {
				refused(t, err, 403, "api.user.create_user.no_open_server")
			}
		}
		if created != 1 {
			t.Errorf("%d accounts were created, want 1", created)
		}
	})
}
