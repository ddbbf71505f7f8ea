package muster

import "unicode/utf8"

// Limits of a Bot's fields (models.json, Bot.limits).
const (
	BotDisplayNameMaxRunes = NameMaxRunes
	BotDescriptionMaxRunes = 1024
)

// botDomain ends the email address of every bot. No mail can be sent to it.
const botDomain = "@localhost"

// Bot is an account for a program. It can't sign in and acts with access tokens. Times are in Unix milliseconds.
type Bot struct {
	UserID         string `json:"user_id"`
	Username       string `json:"username"`
	DisplayName    string `json:"display_name,omitempty"` // the account's first name
	Description    string `json:"description,omitempty"`
	OwnerID        string `json:"owner_id"` // the bot's own id if it was converted from a user and so has no owner
	LastIconUpdate int64  `json:"last_icon_update,omitempty"`
	CreateAt       int64  `json:"create_at"`
	UpdateAt       int64  `json:"update_at"`
	DeleteAt       int64  `json:"delete_at"` // set while disabled
}

// BotPatch holds the fields of a bot to change. Nil leaves a field unchanged.
type BotPatch struct {
	Username    *string `json:"username"`
	DisplayName *string `json:"display_name"`
	Description *string `json:"description"`
}

// BotEmail returns the email address of the bot with the given username.
func BotEmail(username string) string { return username + botDomain }

// Validate checks every field. The error is of kind Invalid, an id model.bot.is_valid.*.
func (b *Bot) Validate() error {
	bad := func(field string) error { return E(Invalid, "model.bot.is_valid."+field+".app_error").On(field) }
	switch {
	case !ValidUsername(b.Username):
		return bad("username")
	case !validText(b.DisplayName, BotDisplayNameMaxRunes):
		return bad("display_name")
	case utf8.RuneCountInString(b.Description) > BotDescriptionMaxRunes || !storable(b.Description):
		return bad("description")
	}
	return nil
}

// Apply sets the fields of b that are set in the patch.
func (b *Bot) Apply(p *BotPatch) {
	if p.Username != nil {
		b.Username = NormalizeName(*p.Username)
	}
	if p.DisplayName != nil {
		b.DisplayName = *p.DisplayName
	}
	if p.Description != nil {
		b.Description = *p.Description
	}
}
