package muster

import (
	"regexp"
	"strings"
)

// Limits of a Team's fields (models.json, Team.limits).
const (
	TeamNameMinBytes           = 2
	TeamNameMaxBytes           = 64
	TeamDisplayNameMaxRunes    = 64
	TeamDescriptionMaxRunes    = 255
	TeamCompanyNameMaxRunes    = 64
	TeamAllowedDomainsMaxBytes = 500
)

// Team types.
const (
	TeamOpen   = "O"
	TeamInvite = "I"
)

var teamName = regexp.MustCompile(`^[a-z0-9]+([a-z\-0-9]+|(__)?)[a-z0-9]+$`)

// Path segments of the reference web client. A team's name must not start with one of them.
var reservedTeamNames = []string{"admin", "api", "channel", "claim", "error", "files", "help", "landing", "login", "mfa", "oauth", "plug", "plugins", "post", "signup", "boards", "playbooks"}

// Team is a group of users with its own channels. Times are in Unix milliseconds.
type Team struct {
	ID                  string  `json:"id"`
	CreateAt            int64   `json:"create_at"`
	UpdateAt            int64   `json:"update_at"`
	DeleteAt            int64   `json:"delete_at"` // set while archived
	DisplayName         string  `json:"display_name"`
	Name                string  `json:"name"`
	Description         string  `json:"description"`
	Email               string  `json:"email"`
	Type                string  `json:"type"`
	CompanyName         string  `json:"company_name"`
	AllowedDomains      string  `json:"allowed_domains"` // comma or space separated; "" allows all
	InviteID            string  `json:"invite_id"`
	AllowOpenInvite     bool    `json:"allow_open_invite"`
	LastTeamIconUpdate  int64   `json:"last_team_icon_update,omitempty"`
	SchemeID            *string `json:"scheme_id"`
	GroupConstrained    *bool   `json:"group_constrained"`
	PolicyID            *string `json:"policy_id"`
	CloudLimitsArchived bool    `json:"cloud_limits_archived"`
}

// TeamPatch holds the fields of a team to change. Nil leaves a field unchanged.
type TeamPatch struct {
	DisplayName      *string `json:"display_name,omitempty"`
	Description      *string `json:"description,omitempty"`
	CompanyName      *string `json:"company_name,omitempty"`
	AllowedDomains   *string `json:"allowed_domains,omitempty"`
	AllowOpenInvite  *bool   `json:"allow_open_invite,omitempty"`
	GroupConstrained *bool   `json:"group_constrained,omitempty"`
}

// TeamMember is a user's membership in a team. Roles is derived from the scheme flags and ExplicitRoles.
type TeamMember struct {
	TeamID        string `json:"team_id"`
	UserID        string `json:"user_id"`
	Roles         string `json:"roles"`
	DeleteAt      int64  `json:"delete_at"`
	SchemeGuest   bool   `json:"scheme_guest"`
	SchemeUser    bool   `json:"scheme_user"`
	SchemeAdmin   bool   `json:"scheme_admin"`
	ExplicitRoles string `json:"explicit_roles"`
}

// Validate checks every field against the reference limits. The error names the first invalid field and is of kind Invalid.
func (t *Team) Validate() error {
	breaks := func(rule, field string) error {
		return E(Invalid, "model.team.is_valid."+rule+".app_error", "id", t.ID).On(field)
	}
	bad := func(field string) error { return breaks(field, field) }
	switch {
	case !ValidID(t.ID):
		return bad("id")
	case t.CreateAt == 0:
		return bad("create_at")
	case t.UpdateAt == 0:
		return bad("update_at")
	case t.Email != "" && (len(t.Email) > EmailMaxBytes || !ValidEmail(t.Email)):
		return bad("email")
	case t.DisplayName == "" || !validText(t.DisplayName, TeamDisplayNameMaxRunes):
		return breaks("name", "display_name")
	case len(t.Name) > TeamNameMaxBytes:
		return breaks("url", "name")
	case !validText(t.Description, TeamDescriptionMaxRunes):
		return bad("description")
	case t.InviteID == "":
		return bad("invite_id")
	case reservedTeamName(t.Name):
		return breaks("reserved", "name")
	case len(t.Name) < TeamNameMinBytes || !teamName.MatchString(t.Name):
		return breaks("characters", "name")
	case t.Type != TeamOpen && t.Type != TeamInvite:
		return bad("type")
	case !validText(t.CompanyName, TeamCompanyNameMaxRunes):
		return breaks("company", "company_name")
	case len(t.AllowedDomains) > TeamAllowedDomainsMaxBytes || !validText(t.AllowedDomains, TeamAllowedDomainsMaxBytes):
		return breaks("domains", "allowed_domains")
	}
	return nil
}

func reservedTeamName(name string) bool {
	for _, r := range reservedTeamNames {
		if strings.HasPrefix(name, r) {
			return true
		}
	}
	return false
}

// Apply sets the fields of t that are set in the patch.
func (t *Team) Apply(p *TeamPatch) {
	if p.DisplayName != nil {
		t.DisplayName = *p.DisplayName
	}
	if p.Description != nil {
		t.Description = *p.Description
	}
	if p.CompanyName != nil {
		t.CompanyName = *p.CompanyName
	}
	if p.AllowedDomains != nil {
		t.AllowedDomains = *p.AllowedDomains
	}
	if p.AllowOpenInvite != nil {
		t.AllowOpenInvite = *p.AllowOpenInvite
	}
	if p.GroupConstrained != nil {
		v := *p.GroupConstrained
		t.GroupConstrained = &v
	}
}

// SetGuest makes the membership a guest's or a full member's. A guest loses all other roles.
func (m *TeamMember) SetGuest(guest bool) {
	m.SchemeGuest, m.SchemeUser = guest, !guest
	if guest {
		m.SchemeAdmin, m.ExplicitRoles = false, ""
	}
	m.ResolveRoles()
}

// ResolveRoles sets Roles from the scheme flags and ExplicitRoles.
func (m *TeamMember) ResolveRoles() {
	m.Roles = schemeRoles(m.SchemeGuest, m.SchemeUser, m.SchemeAdmin, RoleTeamGuest, RoleTeamUser, RoleTeamAdmin, m.ExplicitRoles)
}
