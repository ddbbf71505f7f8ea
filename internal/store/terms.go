package store

import (
	"context"
	"fmt"

	"muster"
)

const termsColumns = "id, create_at, user_id, text"

func scanTerms(r scanner) (*muster.TermsOfService, error) {
	t := &muster.TermsOfService{}
	return t, noRow(r.Scan(&t.ID, &t.CreateAt, &t.UserID, &t.Text))
}

// InsertTerms stores a new version of the terms; it is the one in force from now on.
func (t *Tx) InsertTerms(ctx context.Context, terms *muster.TermsOfService) error {
	t.changes.Terms = true
	if _, err := t.exec(ctx, "INSERT INTO terms_of_service ("+termsColumns+") VALUES (?,?,?,?)", terms.ID, terms.CreateAt, terms.UserID, terms.Text); err != nil {
		return fmt.Errorf("insert terms of service: %w", err)
	}
	return nil
}

// Terms reads a version of the terms; the one in force for "".
func (s *Store) Terms(ctx context.Context, id string) (*muster.TermsOfService, error) {
	if id == "" {
		return scanTerms(s.queryRow(ctx, "SELECT "+termsColumns+" FROM terms_of_service ORDER BY create_at DESC, id DESC LIMIT 1"))
	}
	return scanTerms(s.queryRow(ctx, "SELECT "+termsColumns+" FROM terms_of_service WHERE id = ?", id))
}
