package muster

import "unicode/utf8"

// Limits of a Bot's fields (models.json, Bot.limits).
const (
	BotDisplayNameMaxRunes = NameMaxRunes
	BotDescriptionMaxRunes = 1024
)

// botDomain ends the address of every bot: no mail can reach it.
const botDomain = "@localhost"

// Bot is the part of an account that makes it a bot: it acts by access tokens and cannot sign in. Times are Unix milliseconds.
type Bot struct {
	UserID         string `json:"user_id"`
	Username       string `json:"username"`
	DisplayName    string `json:"display_name,omitempty"` // the account's first name
	Description    string `json:"description,omitempty"`
	OwnerID        string `json:"owner_id"` // the bot itself when a person's account became it: then it has no other owner
	LastIconUpdate int64  `json:"last_icon_update,omitempty"`
	CreateAt       int64  `json:"create_at"`
	UpdateAt       int64  `json:"update_at"`
	DeleteAt       int64  `json:"delete_at"` // set while disabled
}

// BotPatch names the fields of a bot to change; nil leaves a field as it is.
type BotPatch struct {
	Username    *string `json:"username"`
	DisplayName *string `json:"display_name"`
	Description *string `json:"description"`
}

// BotEmail is the address that a bot of that username has.
func BotEmail(username string) string { return username + botDomain }

// Validate checks every field; kind Invalid, an id model.bot.is_valid.*.
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

// Apply writes the patch's fields over b's.
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
