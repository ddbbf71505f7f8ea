package muster

// Limits of an access token (models.json, UserAccessToken.limits).
const (
	TokenDescriptionMaxBytes = 255
	TokenSearchMaxBytes      = 256
)

// AccessToken lets a program call the API as an account, without a password. Token is only set on the value that its creation
// returns: the store keeps the SHA-256. Times are Unix milliseconds; those that the reference server does not know are left out while 0.
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

// Validate checks the description; kind Invalid.
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
	TokenChangeEmail      = "change_email"   // our own: an address that takes effect once verified
	TokenUnlock           = "unlock_account" // our own: ends the throttling of attempts on the account
	TokenTeamInvitation   = "team_invitation"
	TokenGuestInvitation  = "guest_invitation"
	TokenCWS              = "cws_access_token"
)

// MailTokenLength is how many characters a token in a mailed link has.
const MailTokenLength = 64

// MailToken is what a mailed link carries: good for one purpose, once, until ExpiresAt (Unix ms). The store keeps the SHA-256 of its text.
type MailToken struct {
	Purpose   string
	UserID    string // whose password or address; "" for an invitation
	Email     string // the address that it was sent to
	CreateAt  int64
	ExpiresAt int64
	Extra     string // JSON of an Invitation
}

// Invitation is what an invited person gets.
type Invitation struct {
	TeamID     string   `json:"team_id"`
	ChannelIDs []string `json:"channel_ids,omitempty"`
	Guest      bool     `json:"guest,omitempty"`
	SenderID   string   `json:"sender_id"`
}

// NewMailToken returns 64 fresh characters.
func NewMailToken() string { return (NewID() + NewID() + NewID())[:MailTokenLength] }

// ValidMailToken tells whether s has the form of a mailed token.
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
