package auth

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mileusna/useragent"

	"muster"
	"muster/internal/auth/password"
	"muster/internal/core"
	"muster/internal/store"
)

const (
	deviceIDMaxRunes = 512
	loginIDMaxBytes  = 256
)

// LoginRequest is the body of login (operations.json, login).
type LoginRequest struct {
	ID       string `json:"id"`
	LoginID  string `json:"login_id"` // username or e-mail address
	Password string `json:"password"`
	Code     string `json:"token"` // one-time code of the second factor, or a recovery code
	DeviceID string `json:"device_id"`
	// DeviceIDJS is DeviceID as the published JavaScript client spells it.
	DeviceIDJS string `json:"deviceId"`
}

// Errors of a sign-in that a client is told as they are; every other refusal reads the same (error_masking).
var plainLoginErrors = map[string]bool{
	"api.user.login.blank_pwd.app_error":                    true,
	"api.user.login.bot_login_forbidden.app_error":          true,
	"api.user.login.inactive.app_error":                     true,
	"api.user.login.not_verified.app_error":                 true,
	"api.user.login.guest_accounts.disabled.error":          true,
	"api.user.check_user_login_attempts.too_many.app_error": true,
	"api.context.server_busy.app_error":                     true,
	rateLimited:                                             true,
	"api.context.invalid_body_param.app_error":              true,
	"app.session.save.app_error":                            true,
	"api.user.login.remote_users.login.error":               true,
	"api.user.login.client_side_cert.certificate.app_error": true,
	"mfa.validate_token.authenticate.app_error":             true,
	"api.user.check_user_mfa.bad_code.app_error":            true,
	"app.team.join_user_to_team.max_accounts.app_error":     true,
	expiredLogin: true,
	"store.sql_user.save.max_accounts.app_error": true,
}

// Login signs an account in with its password. It returns the session, whose Token is shown this once, and the
// account as it was before (so failed_attempts counts the tries since the last sign-in).
// Wrong passwords, unknown accounts and wrong kinds of account are one and the same error of kind Unauthenticated.
func (a *Auth) Login(ctx context.Context, who *core.Caller, req LoginRequest) (*muster.Session, *muster.User, error) {
	req.DeviceID = cmp.Or(req.DeviceID, req.DeviceIDJS)
	if !muster.ValidText(req.DeviceID, deviceIDMaxRunes) {
		return nil, nil, muster.InvalidParam("device_id")
	}
	var p proof
	defer a.giveBackProof(ctx, &p)
	u, err := a.checkLogin(ctx, who, req, &p)
	if err != nil {
		return nil, nil, a.maskLogin(err)
	}
	if err := a.checkSecondFactor(ctx, who, u, req.Code, &p.factor); err != nil {
		return nil, nil, a.maskLogin(err)
	}
	s, err := a.startSession(ctx, who, u, req.DeviceID, p)
	if err != nil {
		return nil, nil, a.maskLogin(err)
	}
	return s, u.Sanitized(muster.Visibility{Self: true}), nil
}

// proof is what showed who signs in.
type proof struct {
	attempt         *attempt // that was right, nil for none
	rehash          string   // a better hash of the password, to store; "" for none
	factor          secondFactor
	withoutPassword bool   // something else than the password showed it
	flow            []byte // SHA-256 of the token of the login flow that this ends, nil for none
}

// giveBackProof gives back the attempts of a proof that nothing else settled. The function that makes the proof defers it.
func (a *Auth) giveBackProof(ctx context.Context, p *proof) {
	defer a.giveBack(ctx, p.attempt)
	a.giveBack(ctx, p.factor.attempt)
}

// checkLogin answers who signs in, by the password. The attempt is counted before anything is looked at; it is up to the caller to settle p.
func (a *Auth) checkLogin(ctx context.Context, who *core.Caller, req LoginRequest, p *proof) (*muster.User, error) {
	if req.Password == "" {
		return nil, muster.E(muster.Invalid, "api.user.login.blank_pwd.app_error").On("password")
	}
	name := cmp.Or(req.ID, muster.NormalizeName(req.LoginID))
	u, err := a.userForLogin(ctx, req)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("find account for sign-in: %w", err)
	}
	if u != nil && (u.IsSSO() || u.Password == "") {
		u = nil // it can't sign in by a password: the same as nobody
	}
	reservation, err := a.admitLogin(ctx, who, name, u)
	if err != nil {
		return nil, err
	}
	defer reservation.Release()
	if p.attempt, err = a.reserveLogin(ctx, who, name, u); err != nil {
		return nil, err
	}
	if p.attempt.locked {
		known, err := a.inKnownNetwork(ctx, who, idOf(u))
		if err != nil {
			return nil, err
		}
		p.attempt.locked = !known
	}
	ok, rehash, err := verify(reservation, p.attempt, u, req.Password)
	if err != nil {
		return nil, err
	}
	if !ok {
		if err := a.attemptFailed(ctx, who, name, u, p.attempt, wrongPassword); err != nil {
			return nil, err
		}
		return nil, errWrongPassword
	}
	if err := a.requireLoginAllowed(u); err != nil {
		return nil, err
	}
	p.rehash = rehash
	return u, nil
}

// admitLogin takes a place for the hash of a sign-in under a name; u is whose it is, nil for nobody's. A device that the account knows waits apart from
// unknown clients, and so does a client in a network that the account knows while unknown clients find no place.
func (a *Auth) admitLogin(ctx context.Context, who *core.Caller, name string, u *muster.User) (*password.Reservation, error) {
	o := password.Origin{Network: who.Network(), Target: sha256.Sum256([]byte(name))}
	if u == nil {
		return a.passwords.Reserve(ctx, o)
	}
	if _, known := a.knownDevice(who, u); known {
		o.Account = u.ID
	}
	reservation, full := a.passwords.Reserve(ctx, o)
	if full == nil || o.Account != "" {
		return reservation, full
	}
	known, err := a.inKnownNetwork(ctx, who, u.ID)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, full
	}
	o.Account = u.ID
	return a.passwords.Reserve(ctx, o)
}

var errWrongPassword = muster.E(muster.Unauthenticated, "api.user.check_user_password.invalid.app_error").On("password")

// verify compares a password with the account's, and returns a better hash of it where one is due. For nobody's account (nil) and for one that is locked
// it is wrong, after the same work.
func verify(reservation *password.Reservation, at *attempt, u *muster.User, plain string) (ok bool, rehash string, err error) {
	if u == nil || at.locked {
		return false, "", reservation.VerifyDummy(plain)
	}
	ok, stale, err := reservation.Verify(u.Password, plain)
	if ok && stale {
		rehash, err = reservation.Rehash(plain)
	}
	return ok, rehash, err
}

func (a *Auth) userForLogin(ctx context.Context, req LoginRequest) (*muster.User, error) {
	c := a.core.Config().EmailSettings
	switch {
	case req.ID != "":
		if !muster.ValidID(req.ID) {
			return nil, store.ErrNotFound
		}
		return a.store.User(ctx, req.ID)
	case req.LoginID == "" || !muster.ValidText(req.LoginID, loginIDMaxBytes):
		return nil, store.ErrNotFound
	}
	return a.store.UserForLogin(ctx, muster.NormalizeName(req.LoginID), c.EnableSignInWithUsername, c.EnableSignInWithEmail)
}

// requireLoginAllowed holds what is asked of an account once its password was right: nobody else learns of it.
func (a *Auth) requireLoginAllowed(u *muster.User) error {
	c := a.core.Config()
	refuse := func(id string) error { return muster.E(muster.Unauthenticated, id) }
	switch {
	case u.IsBot:
		return refuse("api.user.login.bot_login_forbidden.app_error")
	case u.DeleteAt != 0:
		return refuse("api.user.login.inactive.app_error")
	case u.IsGuest() && !c.GuestAccountsSettings.Enable:
		return refuse("api.user.login.guest_accounts.disabled.error")
	case c.EmailSettings.RequireEmailVerification && !u.EmailVerified:
		return refuse("api.user.login.not_verified.app_error")
	}
	return nil
}

// maskLogin hides which of its reasons refused a sign-in.
func (a *Auth) maskLogin(err error) error {
	e := muster.AsError(err)
	if e.Kind.Fault() || plainLoginErrors[e.ID] {
		return err
	}
	c := a.core.Config()
	sso := c.SamlSettings.Enable || c.GitLabSettings.Enable || c.GoogleSettings.Enable || c.Office365Settings.Enable || c.OpenIdSettings.Enable
	id := "api.user.login.invalid_credentials_email_username"
	switch byName, byEmail := c.EmailSettings.EnableSignInWithUsername, c.EmailSettings.EnableSignInWithEmail; {
	case sso:
		id = "api.user.login.invalid_credentials_sso"
	case byName && !byEmail:
		id = "api.user.login.invalid_credentials_username"
	case byEmail && !byName:
		id = "api.user.login.invalid_credentials_email"
	}
	return muster.E(muster.Unauthenticated, id, err)
}

// startSession begins a new session of u, as it was read before the proof was checked; deviceID is "" for none. It is up to the caller to settle p.
func (a *Auth) startSession(ctx context.Context, who *core.Caller, u *muster.User, deviceID string, p proof) (*muster.Session, error) {
	s := a.newSession(who, u, deviceID)
	err := a.store.Write(ctx, func(tx *store.Tx) error { return a.login(ctx, who, tx, u, p, s) })
	if errors.Is(err, store.ErrCodeUsed) {
		return nil, a.refuseCode(ctx, who, u, p.factor.attempt)
	}
	if err != nil {
		id := errWrongPassword.ID
		if p.flow != nil {
			id = expiredLogin
		}
		return nil, core.Missing(err, muster.Unauthenticated, id)
	}
	a.decided(p.attempt)
	a.decided(p.factor.attempt)
	s.DeviceToken = a.deviceToken(who, u)
	return s, nil
}

// login takes what proved who signs in out of use and stores the session, which gets the account's roles as they are now. store.ErrNotFound when the
// account may not sign in any more, what proved it has changed since, or another request ended the login flow; store.ErrCodeUsed.
func (a *Auth) login(ctx context.Context, who *core.Caller, tx *store.Tx, u *muster.User, p proof, s *muster.Session) error {
	now, err := lockProved(ctx, tx, u, p.withoutPassword)
	if err != nil {
		return err
	}
	now.LastLogin, now.FailedAttempts = s.CreateAt, 0
	now.Password = cmp.Or(p.rehash, now.Password)
	if err := tx.SaveLogin(ctx, now); err != nil {
		return err
	}
	if err := a.useSecondFactor(ctx, who, tx, now, p.factor); err != nil {
		return err
	}
	if p.flow != nil {
		if err := tx.DeleteLoginFlow(ctx, p.flow); err != nil {
			return err
		}
	}
	if s.DeviceID != "" {
		if err := tx.EndDeviceSessions(ctx, u.ID, s.DeviceID, ""); err != nil {
			return err
		}
	}
	setRoles(s, now)
	hash := core.HashToken(s.Token)
	if err := tx.InsertSession(ctx, s, hash[:]); err != nil {
		return err
	}
	if err := tx.PruneSessions(ctx, u.ID); err != nil {
		return err
	}
	if err := tx.ReleaseAttempts(ctx, counters(p.attempt, p.factor.attempt)); err != nil {
		return err
	}
	if err := tx.SaveKnownNetwork(ctx, u.ID, a.networkHere(who, u.ID)); err != nil {
		return err
	}
	signedIn := *who
	signedIn.Session = s
	return tx.Audit(ctx, a.core.Audit(&signedIn, u.ID, "success"+p.factor.how()))
}

// lockProved locks an account and returns it as it is now. store.ErrNotFound unless it may still sign in and is, but for withoutPassword, as it was when
// the password and the second factor were checked.
func lockProved(ctx context.Context, tx *store.Tx, proved *muster.User, withoutPassword bool) (*muster.User, error) {
	u, err := tx.LockUser(ctx, proved.ID)
	if err != nil {
		return nil, err
	}
	if u.DeleteAt != 0 || u.IsBot || !withoutPassword && !sameSecrets(u, proved) {
		return nil, store.ErrNotFound
	}
	return u, nil
}

// sameSecrets reports whether what proves who owns an account is still the same.
func sameSecrets(u, before *muster.User) bool {
	return u.Password == before.Password && u.MfaActive == before.MfaActive && u.MfaSecret == before.MfaSecret
}

// newSession returns a session, with a token, of an account that signs in now.
func (a *Auth) newSession(who *core.Caller, u *muster.User, deviceID string) *muster.Session {
	now := a.core.Now()
	s := &muster.Session{
		ID: muster.NewID(), Token: muster.NewID(), UserID: u.ID, DeviceID: deviceID, CreateAt: now, LastActivityAt: now, AuthenticatedAt: now, IP: who.IP,
		Props: sessionProps(who.UserAgent, deviceID != ""),
	}
	setRoles(s, u)
	s.ExpiresAt = a.sessionEnd(a.sessionHours(s))
	return s
}

// setRoles sets a session's roles to those of its account.
func setRoles(s *muster.Session, u *muster.User) {
	s.Roles = u.Roles
	s.Props[muster.SessionPropIsGuest] = strconv.FormatBool(u.IsGuest())
}

// sessionProps describes the device that signs in, in the reference server's words.
func sessionProps(agent string, mobile bool) map[string]string {
	ua := useragent.Parse(agent)
	name, version := cmp.Or(ua.Name, "Unknown"), cmp.Or(ua.Version, "0.0")
	if ua.OS == "" { // a program, not a browser
		name, version = "Unknown", "0.0"
	}
	return map[string]string{
		muster.SessionPropPlatform:    platform(ua),
		muster.SessionPropOS:          strings.TrimSpace(ua.OS + " " + ua.OSVersion),
		muster.SessionPropBrowser:     name + "/" + version,
		muster.SessionPropIsMobile:    strconv.FormatBool(mobile),
		muster.SessionPropIsSaml:      "false",
		muster.SessionPropIsOAuthUser: "false",
		muster.SessionPropCSRF:        muster.NewID(),
	}
}

// platform is the device's family; clients show "Windows" for what they don't know (recorded behaviour).
func platform(ua useragent.UserAgent) string {
	switch {
	case ua.IsMacOS():
		return "Macintosh"
	case ua.IsIOS():
		return "iPhone"
	case ua.IsLinux(), ua.IsAndroid(), ua.IsChromeOS():
		return "Linux"
	}
	return "Windows"
}

// Logout ends the caller's session at once.
func (a *Auth) Logout(ctx context.Context, who *core.Caller) error {
	if who.Session == nil {
		return nil
	}
	return a.endSessions(ctx, who, who.ID(), "", func(tx *store.Tx) error { return tx.EndSession(ctx, who.ID(), who.Session.ID) })
}
