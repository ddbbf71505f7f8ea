package muster

import (
	"encoding/json"
	"maps"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a User's fields, from the reference models (models.json, User.limits).
const (
	UsernameMaxBytes = 64
	EmailMaxBytes    = 128
	NameMaxRunes     = 64 // nickname, first_name and last_name alike
	PositionMaxRunes = 128
	AuthDataMaxBytes = 128
	PasswordMaxBytes = 72
	LocaleMaxBytes   = 5
	TimezoneMaxRunes = 256
	RolesMaxBytes    = 256
	PropsMaxBytes    = 8000 // of the JSON encoding; in the reference server the column limits it
	mentionKeysProp  = "mention_keys"
)

// MaxUserList is the maximum number of ids or names in a request, about what fits into a body of the default size.
const MaxUserList = 10_000

var reservedUsernames = map[string]bool{"all": true, "channel": true, "here": true, "matterbot": true, "system": true}

// User is an account of a person, guest or bot. Times are in Unix milliseconds.
type User struct {
	ID                     string            `json:"id"`
	CreateAt               int64             `json:"create_at,omitempty"`
	UpdateAt               int64             `json:"update_at,omitempty"`
	DeleteAt               int64             `json:"delete_at"` // set while deactivated
	Username               string            `json:"username"`
	Password               string            `json:"password,omitempty"` // in requests the password, in the database its hash (PHC string), never in responses
	AuthData               *string           `json:"auth_data,omitempty"`
	AuthService            string            `json:"auth_service"`
	Email                  string            `json:"email"`
	EmailVerified          bool              `json:"email_verified,omitempty"`
	Nickname               string            `json:"nickname"`
	FirstName              string            `json:"first_name"`
	LastName               string            `json:"last_name"`
	Position               string            `json:"position"`
	Roles                  string            `json:"roles"` // role names, separated by one space
	AllowMarketing         bool              `json:"allow_marketing,omitempty"`
	Props                  map[string]string `json:"props,omitempty"`
	NotifyProps            map[string]string `json:"notify_props,omitempty"`
	LastPasswordUpdate     int64             `json:"last_password_update,omitempty"`
	LastPictureUpdate      int64             `json:"last_picture_update,omitempty"` // negative if the picture was removed at that time
	FailedAttempts         int               `json:"failed_attempts,omitempty"`
	Locale                 string            `json:"locale"`
	Timezone               map[string]string `json:"timezone"`
	MfaActive              bool              `json:"mfa_active,omitempty"`
	MfaSecret              string            `json:"mfa_secret,omitempty"`
	RemoteID               *string           `json:"remote_id,omitempty"`
	LastActivityAt         int64             `json:"last_activity_at,omitempty"`
	IsBot                  bool              `json:"is_bot,omitempty"`
	BotDescription         string            `json:"bot_description,omitempty"`
	BotLastIconUpdate      int64             `json:"bot_last_icon_update,omitempty"`
	TermsOfServiceID       string            `json:"terms_of_service_id,omitempty"`
	TermsOfServiceCreateAt int64             `json:"terms_of_service_create_at,omitempty"`
	DisableWelcomeEmail    bool              `json:"disable_welcome_email"`
	LastLogin              int64             `json:"last_login,omitempty"`
}

// UserPatch holds the fields of a user to change. Nil leaves a field unchanged.
type UserPatch struct {
	Username    *string           `json:"username,omitempty"`
	Password    *string           `json:"password,omitempty"` // the caller's password, required to change Email
	Nickname    *string           `json:"nickname,omitempty"`
	FirstName   *string           `json:"first_name,omitempty"`
	LastName    *string           `json:"last_name,omitempty"`
	Position    *string           `json:"position,omitempty"`
	Email       *string           `json:"email,omitempty"`
	Props       map[string]string `json:"props,omitempty"`
	NotifyProps map[string]string `json:"notify_props,omitempty"`
	Locale      *string           `json:"locale,omitempty"`
	Timezone    map[string]string `json:"timezone,omitempty"`
	RemoteID    *string           `json:"remote_id,omitempty"`
}

// AuthServiceEmail means login with a password, and so does "".
const AuthServiceEmail = "email"

// UserAuth is the login method of an account (update_user_auth).
type UserAuth struct {
	AuthData    *string `json:"auth_data"` // the account's id at that service
	AuthService string  `json:"auth_service"`
}

// UsersStats is the response of operations that count users.
type UsersStats struct {
	TotalUsersCount int64 `json:"total_users_count"`
}

// UserAutocomplete is the response of autocomplete_users.
type UserAutocomplete struct {
	Users        []*User `json:"users"`
	OutOfChannel []*User `json:"out_of_channel,omitempty"`
}

// NormalizeName trims and lower-cases a username or email address. All names are stored and compared in this form, so "Ann" and "ann" are the
// same account everywhere.
func NormalizeName(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// DefaultNotifyProps returns the notification settings of a new account (models.json, default_notify_props).
func DefaultNotifyProps() map[string]string {
	return map[string]string{
		"email": "true", "push": "mention", "desktop": "mention", "desktop_sound": "true", mentionKeysProp: "",
		"channel": "true", "push_status": "away", "comments": "never", "first_name": "false",
		"desktop_threads": "all", "email_threads": "all", "push_threads": "all",
	}
}

// DefaultTimezone returns the time zone settings of a new account (models.json, default_timezone).
func DefaultTimezone() map[string]string {
	return map[string]string{"useAutomaticTimezone": "true", "automaticTimezone": "", "manualTimezone": ""}
}

// Clone returns a deep copy of u.
func (u *User) Clone() *User {
	c := *u
	c.Props, c.NotifyProps, c.Timezone = maps.Clone(u.Props), maps.Clone(u.NotifyProps), maps.Clone(u.Timezone)
	if u.AuthData != nil {
		s := *u.AuthData
		c.AuthData = &s
	}
	if u.RemoteID != nil {
		s := *u.RemoteID
		c.RemoteID = &s
	}
	return &c
}

// Normalize normalizes Username and Email (see NormalizeName) and trims the other names.
func (u *User) Normalize() {
	u.Username, u.Email = NormalizeName(u.Username), NormalizeName(u.Email)
	for _, s := range []*string{&u.Nickname, &u.FirstName, &u.LastName, &u.Position} {
		*s = strings.TrimSpace(*s)
	}
}

// HasRole reports whether the account has the system-wide role.
func (u *User) HasRole(name string) bool { return HasRole(u.Roles, name) }

// IsGuest reports whether the account is a guest.
func (u *User) IsGuest() bool { return HasRole(u.Roles, RoleSystemGuest) }

// IsSSO reports whether the account signs in with another service.
func (u *User) IsSSO() bool { return u.AuthService != "" && u.AuthService != AuthServiceEmail }

// AuthDataValue returns AuthData, or "" if it is nil.
func (u *User) AuthDataValue() string {
	if u.AuthData == nil {
		return ""
	}
	return *u.AuthData
}

// Validate checks every stored field against the reference limits. The error names the first invalid field; it is of kind Invalid with an id
// model.user.is_valid.*.
func (u *User) Validate() error {
	breaks := func(rule, field string) error {
		return E(Invalid, "model.user.is_valid."+rule+".app_error", "UserId", u.ID).On(field)
	}
	bad := func(field string) error { return breaks(field, field) }
	switch {
	case !ValidID(u.ID):
		return bad("id")
	case u.CreateAt == 0:
		return bad("create_at")
	case u.UpdateAt == 0:
		return bad("update_at")
	case !ValidUsername(u.Username):
		return bad("username")
	case len(u.Email) > EmailMaxBytes || !ValidEmail(u.Email):
		return bad("email")
	case !validText(u.Nickname, NameMaxRunes):
		return bad("nickname")
	case !validText(u.Position, PositionMaxRunes):
		return bad("position")
	case !validText(u.FirstName, NameMaxRunes):
		return bad("first_name")
	case !validText(u.LastName, NameMaxRunes):
		return bad("last_name")
	case len(u.AuthDataValue()) > AuthDataMaxBytes || !validText(u.AuthDataValue(), AuthDataMaxBytes):
		return bad("auth_data")
	case u.AuthDataValue() != "" && u.AuthService == "":
		return breaks("auth_data_type", "auth_service")
	case u.Password != "" && u.AuthDataValue() != "":
		return breaks("auth_data_pwd", "password")
	case len(u.Locale) > LocaleMaxBytes:
		return bad("locale")
	case len(u.Roles) > RolesMaxBytes:
		return breaks("roles_limit", "roles")
	case utf8.RuneCountInString(encoded(u.Timezone)) > TimezoneMaxRunes:
		return breaks("timezone_limit", "timezone")
	case len(encoded(u.Props)) > PropsMaxBytes || len(encoded(u.NotifyProps)) > PropsMaxBytes:
		return breaks("invalidProperty", "props")
	case !validMap(u.Timezone) || !validMap(u.Props) || !validMap(u.NotifyProps):
		return breaks("invalidProperty", "props")
	}
	return nil
}

func encoded(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	b, _ := json.Marshal(m) // a map of strings always encodes
	return string(b)
}

// ValidUsername reports whether a normalized username is valid: 1 to 64 of a-z 0-9 . - _, not reserved, and not only dots. Clients and proxies
// remove the path segments "." and ".." (RFC 3986, section 5.2.4), so such an account could not be looked up by name.
func ValidUsername(s string) bool {
	if len(s) > UsernameMaxBytes || reservedUsernames[s] || strings.Trim(s, ".") == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// ValidEmail reports whether a normalized email address is an RFC 5322 address without a display name. It must be ASCII, because few mail
// servers accept others.
func ValidEmail(s string) bool {
	if s == "" || s != NormalizeName(s) || !validText(s, EmailMaxBytes) || strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) {
		return false
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s
}

// ValidText reports whether s is valid UTF-8 of at most max runes without control characters.
func ValidText(s string, max int) bool { return validText(s, max) }

func validText(s string, max int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > max {
		return false
	}
	return !strings.ContainsFunc(s, unicode.IsControl)
}

// validMap reports whether all keys and values can be stored. PostgreSQL accepts neither NUL nor invalid UTF-8.
func validMap(m map[string]string) bool {
	for k, v := range m {
		if !storable(k) || !storable(v) {
			return false
		}
	}
	return true
}

func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// Apply sets the fields of u that are set in the patch.
func (u *User) Apply(p *UserPatch) {
	set := func(to, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&u.Username, p.Username)
	set(&u.Nickname, p.Nickname)
	set(&u.FirstName, p.FirstName)
	set(&u.LastName, p.LastName)
	set(&u.Position, p.Position)
	set(&u.Email, p.Email)
	set(&u.Locale, p.Locale)
	if p.Props != nil {
		u.Props = maps.Clone(p.Props)
	}
	if p.NotifyProps != nil {
		u.NotifyProps = maps.Clone(p.NotifyProps)
	}
	if p.Timezone != nil {
		u.Timezone = maps.Clone(p.Timezone)
	}
	if p.RemoteID != nil {
		s := *p.RemoteID
		u.RemoteID = &s
	}
}

// SyncMentionKeys removes a former username, with and without "@", from the words that notify the user.
func (u *User) SyncMentionKeys(oldName string) {
	if u.NotifyProps == nil {
		u.NotifyProps = map[string]string{}
	}
	kept := []string{}
	for key := range strings.SplitSeq(u.NotifyProps[mentionKeysProp], ",") {
		if key != "" && key != oldName && key != "@"+oldName {
			kept = append(kept, key)
		}
	}
	u.NotifyProps[mentionKeysProp] = strings.Join(kept, ",")
}

// Visibility determines which fields of a user a viewer may see.
type Visibility struct {
	Self     bool // the viewer is the user
	Admin    bool // the viewer has manage_system
	Email    bool // PrivacySettings.ShowEmailAddress
	FullName bool // PrivacySettings.ShowFullName
}

// Sanitized returns a copy of u with only the fields that the viewer may see (models.json, sanitised_for_self and sanitised_for_others).
func (u *User) Sanitized(v Visibility) *User {
	c := *u
	none := ""
	c.Password, c.MfaSecret, c.LastLogin, c.AuthData = "", "", 0, &none
	if v.Self {
		return &c
	}
	c.EmailVerified, c.AllowMarketing, c.NotifyProps, c.LastPasswordUpdate, c.FailedAttempts = false, false, nil, 0, 0
	if !v.Admin {
		c.AuthService = ""
		if !v.Email {
			c.Email = ""
		}
		if !v.FullName {
			c.FirstName, c.LastName = "", ""
		}
	}
	return &c
}
