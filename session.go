package muster

// Property names of a Session (models.json, Session.props).
const (
	SessionPropPlatform    = "platform"
	SessionPropOS          = "os"
	SessionPropBrowser     = "browser"
	SessionPropIsMobile    = "isMobile"
	SessionPropIsSaml      = "isSaml"
	SessionPropIsOAuthUser = "isOAuthUser"
	SessionPropIsGuest     = "is_guest"
	SessionPropCSRF        = "csrf"
	SessionPropType        = "type"
	SessionPropTokenID     = "user_access_token_id"
	SessionPropIsBot       = "is_bot"
)

// SessionTypeAccessToken is the type of the session of an access token.
const SessionTypeAccessToken = "UserAccessToken"

// MaxSessionsPerUser is the maximum number of sessions of an account. Beyond it, the least recently used ones are revoked.
const MaxSessionsPerUser = 500

// Session is a login session. Token and DeviceToken are only set in the value that login returns; the database contains their SHA-256
// hashes. Times are in Unix milliseconds.
type Session struct {
	ID             string            `json:"id"`
	Token          string            `json:"token"`
	CreateAt       int64             `json:"create_at"`
	ExpiresAt      int64             `json:"expires_at"` // 0: never
	LastActivityAt int64             `json:"last_activity_at"`
	UserID         string            `json:"user_id"`
	DeviceID       string            `json:"device_id"`
	Roles          string            `json:"roles"`
	IsOAuth        bool              `json:"is_oauth"`
	ExpiredNotify  bool              `json:"expired_notify"`
	Props          map[string]string `json:"props"`
	TeamMembers    []*TeamMember     `json:"team_members"`
	DeviceToken    string            `json:"-"` // identifies the device at the next login
	IP             string            `json:"-"` // client address at login
	// AuthenticatedAt is the time of the login or of the last re-authentication.
	AuthenticatedAt int64 `json:"-"`
	Local           bool  `json:"local"` // a request over the local socket, which has every permission
}

// Expired reports whether the session has expired at now, in Unix milliseconds.
func (s *Session) Expired(now int64) bool { return s.ExpiresAt > 0 && s.ExpiresAt <= now }

// OfAccessToken reports whether the session is that of an access token, not of a login.
func (s *Session) OfAccessToken() bool { return s.Props[SessionPropType] == SessionTypeAccessToken }

// CSRF returns the token that writes authenticated by a cookie must repeat in X-CSRF-Token.
func (s *Session) CSRF() string { return s.Props[SessionPropCSRF] }
