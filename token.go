package muster

// Limits of an access token (models.json, UserAccessToken.limits).
const (
	TokenDescriptionMaxBytes = 255
	TokenSearchMaxBytes      = 256
)

// AccessToken is a personal access token, with which a program can call the API as a user. Token is only set in the value returned on creation;
// the database contains its SHA-256 hash. Times are in Unix milliseconds. Those that the reference server doesn't have are omitted if 0.
type AccessToken struct {
	ID          string `json:"id"`
	Token       string `json:"token,omitempty"`
	UserID      string `json:"user_id"`
	Description string `json:"description"`
	IsActive    bool   `json:"is_active"`
	CreateAt    int64  `json:"-"`
	ExpiresAt   int64  `json:"expires_at,omitempty"`   // 0: never
	LastUsedAt  int64  `json:"last_used_at,omitempty"` // 0: not yet
}

// Validate checks the description. The error is of kind Invalid.
func (t *AccessToken) Validate() error {
	if len(t.Description) > TokenDescriptionMaxBytes || !validText(t.Description, TokenDescriptionMaxBytes) {
		return E(Invalid, "model.user_access_token.is_valid.description.app_error").On("description")
	}
	return nil
}

// Purposes of a MailToken (models.json, Token.facts).
const (
	TokenPasswordRecovery = "password_recovery"
	TokenVerifyEmail      = "verify_email"
	TokenChangeEmail      = "change_email"   // not in the reference: confirms a new email address
	TokenUnlock           = "unlock_account" // not in the reference: ends the delay after failed logins
	TokenTeamInvitation   = "team_invitation"
	TokenGuestInvitation  = "guest_invitation"
	TokenCWS              = "cws_access_token"
)

// MailTokenLength is the length of a MailToken's text.
const MailTokenLength = 64

// MailToken is the token in a mailed link. It works for one purpose, once, until ExpiresAt. The database contains the SHA-256 hash of its text.
// Times are in Unix milliseconds.
type MailToken struct {
	Purpose   string
	UserID    string // "" for an invitation
	Email     string // recipient of the mail
	CreateAt  int64
	ExpiresAt int64
	Extra     string // JSON of an Invitation
}

// Invitation is what an invited person joins.
type Invitation struct {
	TeamID     string   `json:"team_id"`
	ChannelIDs []string `json:"channel_ids,omitempty"`
	Guest      bool     `json:"guest,omitempty"`
	SenderID   string   `json:"sender_id"`
}

// NewMailToken returns a new random token of MailTokenLength characters.
func NewMailToken() string { return (NewID() + NewID() + NewID())[:MailTokenLength] }

// ValidMailToken reports whether s has the form of a MailToken's text: 64 ASCII letters or digits.
func ValidMailToken(s string) bool {
	if len(s) != MailTokenLength {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
