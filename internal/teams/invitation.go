package teams

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"muster"
	"muster/internal/core"
	"muster/internal/mail"
	"muster/internal/mailer"
	"muster/internal/store"
)

// invitationsMax is how many people one request may invite.
const invitationsMax = 20

const (
	// BadSignupLink is the id of the refusal of an invitation that is none, was used, or leads nowhere any more.
	BadSignupLink     = "api.user.create_user.signup_link_invalid.app_error"
	expiredSignupLink = "api.user.create_user.signup_link_expired.app_error"
)

// breaks are the control characters that a message may have.
var breaks = strings.NewReplacer("\r", " ", "\n", " ", "\t", " ")

// GuestInvitation is the body of an invitation of guests.
type GuestInvitation struct {
	Emails   []string `json:"emails"`
	Channels []string `json:"channels"` // ids, of the team
	Message  string   `json:"message"`
}

// InviteResult reports for one address of an invitation whether it was refused, and why.
type InviteResult struct {
	Email   string
	Refused *muster.Error // nil for a mail that is on its way
}

// InviteToTeam mails people a link by which they make an account in the team. Addresses that can't be invited refuse the whole,
// or are told of one by one with graceful. Kinds: Invalid, Forbidden, NotFound, Unavailable.
func (t *Teams) InviteToTeam(ctx context.Context, who *core.Caller, teamID string, emails []string, graceful bool) ([]InviteResult, error) {
	for _, p := range []muster.Permission{muster.PermInviteUser, muster.PermAddUserToTeam} {
		if err := t.core.RequireTeam(ctx, who, teamID, p); err != nil {
			return nil, err
		}
	}
	team, err := t.inviting(ctx, teamID, emails)
	if err != nil {
		return nil, err
	}
	domains := []string{team.AllowedDomains, t.core.Config().TeamSettings.RestrictCreationToDomains}
	results, err := t.inviteResults(emails, domains, graceful)
	if err != nil {
		return nil, err
	}
	inv := muster.Invitation{TeamID: team.ID, SenderID: who.ID()}
	return results, t.invite(ctx, who, team, results, graceful, "", muster.TokenTeamInvitation, inv)
}

// InviteGuests mails people a link by which they make a guest's account in some of a team's channels. Kinds as InviteToTeam's; Unimplemented while
// guests, or guests with a password here, are turned off.
func (t *Teams) InviteGuests(ctx context.Context, who *core.Caller, teamID string, in GuestInvitation, graceful bool) ([]InviteResult, error) {
	c := t.core.Config().GuestAccountsSettings
	if !c.Enable || !c.AllowEmailAccounts {
		return nil, muster.E(muster.Unimplemented, "api.team.invite_guests_to_channels.disabled.error")
	}
	if err := t.core.RequireTeam(ctx, who, teamID, muster.PermInviteGuest); err != nil {
		return nil, err
	}
	team, err := t.inviting(ctx, teamID, in.Emails)
	if err != nil {
		return nil, err
	}
	if !muster.ValidText(breaks.Replace(in.Message), muster.TeamDescriptionMaxRunes) {
		return nil, muster.InvalidParam("message")
	}
	channels := slices.Compact(slices.Sorted(slices.Values(in.Channels)))
	if len(channels) == 0 || len(channels) > muster.MaxUserList {
		return nil, muster.InvalidParam("channels")
	}
	for _, id := range channels {
		if err := t.requireInviteTo(ctx, who, team, id); err != nil {
			return nil, err
		}
	}
	results, err := t.inviteResults(in.Emails, []string{c.RestrictCreationToDomains}, graceful)
	if err != nil {
		return nil, err
	}
	inv := muster.Invitation{TeamID: team.ID, ChannelIDs: channels, Guest: true, SenderID: who.ID()}
	return results, t.invite(ctx, who, team, results, graceful, in.Message, muster.TokenGuestInvitation, inv)
}

// requireInviteTo holds that a channel is the team's and that the caller may add people to it.
func (t *Teams) requireInviteTo(ctx context.Context, who *core.Caller, team *muster.Team, channelID string) error {
	ch, err := t.store.Channel(ctx, channelID)
	if errors.Is(err, store.ErrNotFound) || err == nil && (ch.TeamID != team.ID || ch.DeleteAt != 0) {
		return muster.InvalidParam("channels")
	}
	if err != nil {
		return err
	}
	p := muster.PermManagePublicChannelMembers
	if ch.Type == muster.ChannelPrivate {
		p = muster.PermManagePrivateChannelMembers
	}
	if err := t.core.RequireChannel(ctx, who, channelID, p); err != nil {
		return err
	}
	if groupsDecide(ch.GroupConstrained) { // a new account is in no group
		return muster.E(muster.Invalid, "api.channel.add_members.user_denied")
	}
	return nil
}

// groupsDecide reports whether only members of linked groups may belong to a team or channel.
func groupsDecide(constrained *bool) bool { return constrained != nil && *constrained }

func (t *Teams) inviting(ctx context.Context, teamID string, emails []string) (*muster.Team, error) {
	if len(emails) == 0 || len(emails) > invitationsMax {
		return nil, muster.InvalidParam("emails")
	}
	team, err := t.TeamByID(ctx, teamID)
	if err != nil {
		return nil, err
	}
	switch {
	case team.DeleteAt != 0:
		return nil, muster.E(muster.NotFound, "app.team.get.find.app_error")
	case groupsDecide(team.GroupConstrained):
		return nil, muster.E(muster.Forbidden, "app.team.invite_id.group_constrained.error")
	}
	return team, nil
}

var errInvitedEnough = muster.E(muster.RateLimited, "app.invitation.too_many.app_error")

// inviteResults holds addresses against the lists of domains that each must be in.
func (t *Teams) inviteResults(emails, domains []string, graceful bool) ([]InviteResult, error) {
	results := make([]InviteResult, len(emails))
	for i, email := range emails {
		r := &results[i]
		r.Email = muster.NormalizeName(email)
		if muster.ValidEmail(r.Email) && !slices.ContainsFunc(domains, func(d string) bool { return !core.InDomains(r.Email, d) }) {
			continue
		}
		r.Refused = muster.E(muster.Invalid, "api.team.invite_members.invalid_email.app_error")
		if !graceful {
			return nil, r.Refused
		}
	}
	return results, nil
}

// invitationMail is the mail that invites the address of a result.
type invitationMail struct {
	to   *InviteResult
	mail *store.Mail
}

// invite mails those who were not refused, and counts the mails against the quotas in the same transaction. An address that was mailed enough lately is
// refused by itself with graceful. Otherwise it refuses the whole, as does a used-up quota of the sender or the team. Kind RateLimited.
func (t *Teams) invite(ctx context.Context, who *core.Caller, team *muster.Team, to []InviteResult, graceful bool, message, purpose string, inv muster.Invitation) error {
	extra, err := json.Marshal(inv)
	if err != nil {
		return err
	}
	admin, err := t.core.Grants(ctx, who.Roles(), muster.PermManageSystem)
	if err != nil {
		return err
	}
	var mails []invitationMail
	for i := range to {
		r := &to[i]
		if r.Refused != nil {
			continue
		}
		m := t.mailer.MessageWithLink(muster.MailToken{Purpose: purpose, Email: r.Email, Extra: string(extra)}, mailer.InvitationLife, func(token string) mail.Content {
			return t.mailer.InvitationMessage(team, t.mailer.Inviter(who), inv.Guest, message, token)
		})
		mails = append(mails, invitationMail{r, m})
	}
	var mailedEnough []*InviteResult
	err = t.store.Write(ctx, func(tx *store.Tx) (err error) {
		mailedEnough, err = t.sendInvitations(ctx, tx, who, team.ID, mails, graceful, t.mailer.InvitationQuotas(who, team.ID, admin))
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range mailedEnough {
		r.Refused = mailer.ErrMailedEnough
	}
	return nil
}

// sendInvitations enqueues mails and counts each against its address and all against the shared quotas. It returns those that were too many for their
// address; without graceful the first such is an error.
func (t *Teams) sendInvitations(ctx context.Context, tx *store.Tx, who *core.Caller, teamID string, mails []invitationMail, graceful bool, shared []store.MailQuota) (
	mailedEnough []*InviteResult, err error) {
	sent := 0
	for _, m := range mails {
		err := tx.TakeMailQuota(ctx, mailer.RecipientQuota(m.to.Email), 1)
		if _, over := errors.AsType[*store.OverQuotaError](err); over && graceful {
			mailedEnough = append(mailedEnough, m.to)
			continue
		}
		if err != nil {
			return nil, mailer.OverQuota(err, mailer.ErrMailedEnough)
		}
		if err := tx.Enqueue(ctx, m.mail); err != nil {
			return nil, err
		}
		if err := tx.Audit(ctx, t.core.AuditSelf(who, "team_id="+teamID+" invited "+m.to.Email)); err != nil {
			return nil, err
		}
		sent++
	}
	if sent == 0 {
		return mailedEnough, nil
	}
	for _, q := range shared {
		if err := tx.TakeMailQuota(ctx, q, sent); err != nil {
			return nil, mailer.OverQuota(err, errInvitedEnough)
		}
	}
	return mailedEnough, nil
}

// readInvitation reads what a mailed token invites an address to ("" for whichever it is). Kinds: Invalid, Forbidden, NotFound.
func (t *Teams) readInvitation(ctx context.Context, token, email string) (inv *invitation, team *muster.Team, hash []byte, err error) {
	m, hash, err := t.mailer.MailToken(ctx, token, BadSignupLink, expiredSignupLink, muster.TokenTeamInvitation, muster.TokenGuestInvitation)
	if err != nil {
		return nil, nil, nil, err
	}
	inv = &invitation{Email: m.Email}
	if err := json.Unmarshal([]byte(m.Extra), &inv.Invitation); err != nil {
		return nil, nil, nil, fmt.Errorf("read invitation: %w", err)
	}
	c := t.core.Config().GuestAccountsSettings
	if inv.Guest && (!c.Enable || !c.AllowEmailAccounts) {
		return nil, nil, nil, muster.E(muster.Invalid, "api.user.create_user.guest_accounts.disabled.app_error")
	}
	if email != "" && email != m.Email {
		return nil, nil, nil, muster.E(muster.Invalid, "api.user.create_user.bad_token_email_data.app_error").On("email")
	}
	if team, err = t.TeamByID(ctx, inv.TeamID); err != nil {
		return nil, nil, nil, err
	}
	switch {
	case team.DeleteAt != 0:
		return nil, nil, nil, muster.E(muster.Invalid, BadSignupLink)
	case groupsDecide(team.GroupConstrained):
		return nil, nil, nil, muster.E(muster.Forbidden, "app.team.invite_id.group_constrained.error")
	}
	return inv, team, hash, nil
}

// invitation is what a mailed token says, and to whom.
type invitation struct {
	muster.Invitation
	Email string
}

// Invited is what somebody is invited to.
type Invited struct {
	Team  *muster.Team
	Email string // whom a mail invited; "" for whoever has a team's invite link
	Guest bool
}

// Invited tells what an invitation is to, without using it up; nil without one. Kinds: Invalid, Forbidden, NotFound.
func (t *Teams) Invited(ctx context.Context, by Signup) (*Invited, error) {
	switch {
	case by.Token != "":
		inv, team, _, err := t.readInvitation(ctx, by.Token, "")
		if err != nil {
			return nil, err
		}
		return &Invited{Team: team, Email: inv.Email, Guest: inv.Guest}, nil
	case by.InviteID != "":
		team, err := t.openTeam(ctx, by.InviteID)
		if err != nil {
			return nil, err
		}
		return &Invited{Team: team}, nil
	}
	return nil, nil
}

// Admission is what an invitation gives a new account. The zero value is for an account without one.
type Admission struct {
	Member     *muster.TeamMember
	ChannelIDs []string // channels of the team that an invited guest is put in
	Link       []byte   // SHA-256 of the mailed token that is used up; nil for a team's invite link
}

// Admit checks an invitation and prepares the account that is to be created by it: a mailed one verifies its address and may make it a guest. It returns
// what the invitation gives. Kinds: Invalid, Forbidden, NotFound.
func (t *Teams) Admit(ctx context.Context, by Signup, u *muster.User) (Admission, error) {
	switch {
	case by.Token != "":
		return t.admitByToken(ctx, by.Token, u)
	case by.InviteID != "":
		m, _, err := t.MembershipByInvite(ctx, by.InviteID, u)
		if err != nil {
			return Admission{}, err
		}
		return Admission{Member: m}, nil
	}
	return Admission{}, nil
}

func (t *Teams) admitByToken(ctx context.Context, token string, u *muster.User) (Admission, error) {
	if !muster.ValidMailToken(token) {
		return Admission{}, muster.E(muster.NotFound, BadSignupLink)
	}
	inv, team, hash, err := t.readInvitation(ctx, token, u.Email)
	if err != nil {
		return Admission{}, err
	}
	channels, err := t.stillInviting(ctx, inv.ChannelIDs)
	if err != nil {
		return Admission{}, err
	}
	u.EmailVerified = true // only who reads the address's mail has the link
	if inv.Guest {
		u.Roles = muster.RoleSystemGuest
	}
	m := &muster.TeamMember{TeamID: team.ID, UserID: u.ID, SchemeUser: !inv.Guest, SchemeGuest: inv.Guest}
	return Admission{Member: m, ChannelIDs: channels, Link: hash}, nil
}

// stillInviting drops the channels of an invitation that are gone, or that groups decide about by now.
func (t *Teams) stillInviting(ctx context.Context, channelIDs []string) (ids []string, err error) {
	for _, id := range channelIDs {
		ch, err := t.store.Channel(ctx, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, err
		case !groupsDecide(ch.GroupConstrained):
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Signup is how somebody asks for an account: at most one of the two is set.
type Signup struct {
	Token    string // of an invitation by mail (query parameter t)
	InviteID string // of a team (query parameter iid)
}
