package upgrade

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"
	"golang.org/x/crypto/bcrypt"

	"muster"
	"muster/client"
)

const (
	password = "a long enough secret"
	imported = "a secret from elsewhere"

	tokenRole = "system_user_access_token" // of people who may have access tokens

	patience = time.Minute
)

// settings are what the administrator of a fixture changed.
const settings = `{
	"TeamSettings": {"SiteName": "An old house"},
	"ServiceSettings": {"EnableBotAccountCreation": true, "EnableUserAccessTokens": true, "EnableMultifactorAuthentication": true},
	"GuestAccountsSettings": {"Enable": true},
	"SupportSettings": {"CustomTermsOfServiceEnabled": true}
}`

// filler fills a fresh server as its users would.
type filler struct {
	ctx   context.Context
	url   string
	admin *client.Client
	ids   map[string]string // of accounts, by username
	facts *Facts
}

// Fill uses a fresh server in every way that leaves something in its database, and returns what its users know then.
func Fill(ctx context.Context, url string) (*Facts, error) {
	ids := map[string]string{}
	f := &filler{ctx: ctx, url: url, admin: client.New(url), ids: ids, facts: &Facts{
		Password: password, Imported: imported, Settings: json.RawMessage(settings), UserIDs: ids, Answers: map[string]json.RawMessage{},
	}}
	for _, step := range []func() error{f.accounts, f.directory, f.credentials, f.rules, f.secondFactor, f.mails, f.answers} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return f.facts, nil
}

// create makes an account and signs it in.
func (f *filler) create(name string) (*client.Client, error) {
	u, err := f.admin.CreateUser(f.ctx, &muster.User{
		Username: name, Email: name + "@example.com", Password: password, DisableWelcomeEmail: true,
		FirstName: strings.ToUpper(name[:1]) + name[1:], LastName: "Müller", Nickname: name + " the first",
	})
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	f.ids[name] = u.ID
	c := client.New(f.url)
	_, err = c.Login(f.ctx, name, password)
	return c, err
}

func (f *filler) accounts() (err error) {
	if f.admin, err = f.create("admin"); err != nil {
		return err
	}
	if _, err = f.admin.PatchConfig(f.ctx, f.facts.Settings); err != nil {
		return err
	}
	for _, name := range []string{"bob", "gus", "dan", "ivy"} {
		if _, err = f.create(name); err != nil {
			return err
		}
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(imported), bcrypt.DefaultCost)
	if err != nil {
		return err
	}
	f.facts.AdminSession = f.admin.Token()
	return errors.Join(
		f.admin.UpdateUserPasswordHash(f.ctx, f.ids["ivy"], string(hash)),
		f.admin.UpdateUserActive(f.ctx, f.ids["dan"], false),
		f.admin.UpdateUserRoles(f.ctx, f.ids["bob"], "system_user "+tokenRole),
	)
}

// directory makes teams, channels and groups with members, and what ann has in them.
func (f *filler) directory() error {
	ann, err := f.create("ann")
	if err != nil {
		return err
	}
	f.facts.AnnSession = ann.Token()
	team, err := f.admin.CreateTeam(f.ctx, &muster.Team{Name: "kitchen", DisplayName: "The kitchen", Type: "O"})
	if err != nil {
		return err
	}
	if _, err = f.admin.AddTeamMembers(f.ctx, team.ID, f.ids["ann"], f.ids["bob"], f.ids["gus"]); err != nil {
		return err
	}
	channel, err := f.admin.CreateChannel(f.ctx, &muster.Channel{TeamID: team.ID, Name: "soups", DisplayName: "Soups", Type: "P"})
	if err != nil {
		return err
	}
	for _, name := range []string{"ann", "gus"} {
		if _, err = f.admin.AddChannelMember(f.ctx, channel.ID, f.ids[name]); err != nil {
			return err
		}
	}
	if _, err = ann.CreateDirectChannel(f.ctx, f.ids["ann"], f.ids["bob"]); err != nil {
		return err
	}
	name := "cooks"
	group, err := f.admin.CreateGroup(f.ctx, &muster.Group{Name: &name, DisplayName: "Cooks", Source: muster.GroupSourceCustom, AllowReference: true}, f.ids["ann"], f.ids["bob"])
	if err != nil {
		return err
	}
	_, teamErr := f.admin.LinkGroupToTeam(f.ctx, group.ID, team.ID, client.GroupLink{AutoAdd: true})
	_, channelErr := f.admin.LinkGroupToChannel(f.ctx, group.ID, channel.ID, client.GroupLink{SchemeAdmin: true})
	_, statusErr := ann.UpdateStatus(f.ctx, &muster.Status{UserID: f.ids["ann"], Status: muster.StatusDnd})
	err = errors.Join(teamErr, channelErr, statusErr,
		f.admin.UpdateTeamMemberSchemeRoles(f.ctx, team.ID, f.ids["ann"], client.SchemeRoles{User: true, Admin: true}),
		f.admin.DemoteToGuest(f.ctx, f.ids["gus"]),
		ann.UpdatePreferences(f.ctx, f.ids["ann"], []*muster.Preference{{UserID: f.ids["ann"], Category: "display", Name: "theme", Value: "dark"}}),
	)
	if err != nil {
		return err
	}
	for _, path := range []string{
		"/teams/" + team.ID + "/members", "/teams/" + team.ID + "/channels", "/channels/" + channel.ID + "/members",
		"/groups/" + group.ID, "/groups/" + group.ID + "/members", "/groups/" + group.ID + "/teams", "/groups/" + group.ID + "/channels",
	} {
		f.facts.Answers[path] = nil
	}
	return f.files(ann, channel.ID)
}

func (f *filler) files(ann *client.Client, channelID string) error {
	whole, err := ann.SendFile(f.ctx, channelID, "file.txt", int64(len(FileContent)), strings.NewReader(FileContent))
	if err != nil {
		return err
	}
	half, err := ann.CreateUpload(f.ctx, &muster.Upload{ChannelID: channelID, Filename: "half.txt", FileSize: int64(len(UploadContent))})
	if err != nil {
		return err
	}
	f.facts.File, f.facts.Upload = whole.ID, half.ID
	var picture bytes.Buffer
	_, sendErr := ann.ContinueUpload(f.ctx, half.ID, 0, []byte(UploadContent[:len(UploadContent)/2]))
	err = errors.Join(sendErr, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))), ann.SetProfileImage(f.ctx, f.ids["ann"], &picture))
	if err != nil {
		return err
	}
	f.facts.AnnPicture, err = ann.ProfileImage(f.ctx, f.ids["ann"])
	return err
}

// credentials makes what is shown once: access tokens of people and of a bot, also one that is disabled, and a session that has ended.
func (f *filler) credentials() error {
	if err := f.admin.UpdateUserRoles(f.ctx, f.ids["ann"], "system_user "+tokenRole); err != nil {
		return err
	}
	bot, err := f.admin.CreateBot(f.ctx, &muster.Bot{Username: "robot", DisplayName: "The robot", Description: "stirs"})
	if err != nil {
		return err
	}
	f.ids["robot"] = bot.UserID
	ann := client.New(f.url, client.WithToken(f.facts.AnnSession))
	annToken, annErr := ann.CreateAccessToken(f.ctx, f.ids["ann"], "ann's script", 0)
	disabled, disabledErr := ann.CreateAccessToken(f.ctx, f.ids["ann"], "what ann used before", 0)
	botToken, botErr := f.admin.CreateAccessToken(f.ctx, bot.UserID, "the robot's own", 0)
	if err := errors.Join(annErr, disabledErr, botErr); err != nil {
		return err
	}
	f.facts.AnnToken, f.facts.DisabledToken, f.facts.BotToken = annToken.Token, disabled.Token, botToken.Token
	ended := client.New(f.url)
	if _, err := ended.Login(f.ctx, "bob", password); err != nil {
		return err
	}
	f.facts.EndedSession = ended.Token()
	return errors.Join(ended.Logout(f.ctx), ann.DisableAccessToken(f.ctx, disabled.ID))
}

// rules makes permissions of a role, terms of service, and failed attempts to sign in.
func (f *filler) rules() error {
	role, err := f.admin.RoleByName(f.ctx, tokenRole)
	if err != nil {
		return err
	}
	permissions := append(role.Permissions, "create_bot")
	if _, err = f.admin.PatchRole(f.ctx, role.ID, &muster.RolePatch{Permissions: &permissions}); err != nil {
		return err
	}
	terms, err := f.admin.CreateTerms(f.ctx, "Wash your hands.")
	if err != nil {
		return err
	}
	for _, token := range []string{f.facts.AdminSession, f.facts.AnnSession, f.facts.BotToken} {
		if err = client.New(f.url, client.WithToken(token)).AcceptTerms(f.ctx, "me", terms.ID, true); err != nil {
			return err
		}
	}
	for range 2 {
		if _, err = client.New(f.url).Login(f.ctx, "bob", "a wrong guess"); err == nil {
			return errors.New("a wrong password was taken")
		}
	}
	return nil
}

// secondFactor turns mia's on, and leaves a sign-in of hers waiting for a code.
func (f *filler) secondFactor() error {
	mia, err := f.create("mia")
	if err != nil {
		return err
	}
	terms, err := mia.Terms(f.ctx)
	if err != nil {
		return err
	}
	if err = mia.AcceptTerms(f.ctx, "me", terms.ID, true); err != nil {
		return err
	}
	secret, err := mia.GenerateMfaSecret(f.ctx, f.ids["mia"])
	if err != nil {
		return err
	}
	code, err := totp.GenerateCode(secret.Secret, time.Now())
	if err != nil {
		return err
	}
	f.facts.MfaSecret = secret.Secret
	if f.facts.RecoveryCodes, err = mia.UpdateMfa(f.ctx, f.ids["mia"], true, code); err != nil {
		return err
	}
	return f.beginLogin("mia")
}

var formKey = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// beginLogin sends a password to the sign-in page, which then asks for a code.
func (f *filler) beginLogin(name string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	page, err := browser.Get(f.url + "/login")
	if err != nil {
		return err
	}
	text, err := io.ReadAll(page.Body)
	if err = errors.Join(err, page.Body.Close()); err != nil {
		return err
	}
	key := formKey.FindSubmatch(text)
	if key == nil {
		return errors.New("the sign-in page has no form key")
	}
	next, err := browser.PostForm(f.url+"/login", url.Values{"csrf": {string(key[1])}, "login_id": {name}, "password": {password}})
	if err != nil {
		return err
	}
	at, err := url.Parse(f.url)
	if err != nil {
		return err
	}
	for _, c := range jar.Cookies(at) {
		switch c.Name {
		case FormCookieName:
			f.facts.FormCookie = c.Value
		case LoginCookieName:
			f.facts.LoginCookie = c.Value
		}
	}
	if f.facts.LoginCookie == "" {
		return fmt.Errorf("the sign-in page answered %s and began no sign-in", next.Status)
	}
	return next.Body.Close()
}

// mails has mails wait that no mail server takes: one with a link to a new password, and an invitation.
func (f *filler) mails() error {
	if err := f.admin.SendPasswordReset(f.ctx, "bob@example.com"); err != nil {
		return err
	}
	// The mail is made after the answer; the account's history shows when.
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		history, err := f.admin.UserAudits(f.ctx, f.ids["bob"], 0, 100)
		if err != nil {
			return err
		}
		for _, a := range history {
			if strings.HasSuffix(a.Action, "/users/password/reset/send") {
				teams, err := f.admin.Teams(f.ctx, 0, 10)
				if err != nil {
					return err
				}
				_, err = f.admin.InviteToTeam(f.ctx, teams[0].ID, []string{"new@example.com"}, false)
				return err
			}
		}
		if time.Now().After(end) {
			return errors.New("no mail was made for a new password")
		}
	}
}

// answers keeps what the server answers the administrator.
func (f *filler) answers() error {
	for _, path := range []string{"/users?per_page=200", "/users?inactive=true", "/teams", "/groups", "/bots?include_deleted=true", "/users/tokens", "/terms_of_service", "/roles/name/" + tokenRole} {
		f.facts.Answers[path] = nil
	}
	for name, id := range f.ids {
		f.facts.Answers["/users/"+id+"/teams/members"] = nil
		f.facts.Answers["/users/"+id+"/preferences"] = nil
		if name != "admin" {
			f.facts.Answers["/users/"+id+"/sessions"] = nil
			f.facts.Answers["/users/"+id+"/status"] = nil
			f.facts.Answers["/users/"+id+"/audits"] = nil
		}
	}
	for path := range f.facts.Answers {
		answer, err := Get(f.ctx, f.admin, path)
		if err != nil {
			return err
		}
		f.facts.Answers[path] = answer
	}
	return nil
}

// Get returns the server's answer to a path below /api/v4, which may have a query.
func Get(ctx context.Context, c *client.Client, path string) (json.RawMessage, error) {
	at, err := url.Parse(path)
	if err != nil {
		return nil, err
	}
	resp, err := c.Do(ctx, &client.Request{Method: http.MethodGet, Path: at.Path, Query: at.Query()})
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", path, err)
	}
	return resp.Body, nil
}
