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

// SessionTypeAccessToken is the type of a session that stands for an access token in use.
const SessionTypeAccessToken = "UserAccessToken"

// MaxSessionsPerUser is how many sessions one account keeps; the least recently used beyond it are revoked.
const MaxSessionsPerUser = 500

// Session is one sign-in. Token is only ever set on the value that login returns: the store keeps its SHA-256.
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
	DeviceToken    string            `json:"-"` // set as Token is: by it the device is known at the next sign-in
	IP             string            `json:"-"` // address that it was signed in from
	// AuthenticatedAt is when the session's owner last proved who they are: at sign-in, or again since (Unix ms).
	AuthenticatedAt int64 `json:"-"`
	Local           bool  `json:"local"` // a session of the unix socket: every permission
}

// Expired tells whether the session has ended at now (Unix ms).
func (s *Session) Expired(now int64) bool { return s.ExpiresAt > 0 && s.ExpiresAt <= now }

// OfAccessToken tells whether the session stands for an access token rather than a sign-in.
func (s *Session) OfAccessToken() bool { return s.Props[SessionPropType] == SessionTypeAccessToken }

// CSRF is the token that a cookie-carried write must repeat in X-CSRF-Token.
func (s *Session) CSRF() string { return s.Props[SessionPropCSRF] }
