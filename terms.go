package muster

import "unicode/utf8"

// TermsTextMaxRunes is the maximum length of the terms of service.
const TermsTextMaxRunes = 16_383

// TermsOfService is a version of the site's terms of service. The latest one is in force. CreateAt is in Unix milliseconds.
type TermsOfService struct {
	ID       string `json:"id"`
	CreateAt int64  `json:"create_at"`
	UserID   string `json:"user_id"` // the author
	Text     string `json:"text"`    // Markdown
}

// UserTermsOfService is a user's acceptance of the terms. CreateAt is in Unix milliseconds.
type UserTermsOfService struct {
	UserID           string `json:"user_id"`
	TermsOfServiceID string `json:"terms_of_service_id"`
	CreateAt         int64  `json:"create_at"`
}

// Validate checks the text. The error is of kind Invalid.
func (t *TermsOfService) Validate() error {
	switch {
	case t.Text == "":
		return E(Invalid, "api.create_terms_of_service.empty_text.app_error")
	case utf8.RuneCountInString(t.Text) > TermsTextMaxRunes || !storable(t.Text):
		return E(Invalid, "model.terms_of_service.is_valid.text.app_error").On("text")
	}
	return nil
}
