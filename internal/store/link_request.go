package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"muster"
	"muster/internal/network"
)

const (
	linkRequestsMax   = 10_000 // that wait at a time, whoever asked
	linkRequestsAsker = 500    // of those, from one network
)

// LinkRequest asks for a link to be mailed to an address, which need not belong to any account.
type LinkRequest struct {
	Purpose string // of the link's token
	Email   string // normalized
	Audit   *muster.Audit
}

// InsertLinkRequest stores a request, unless one for the same link waits already; whether the address belongs to an account makes no difference. It
// returns an error of kind Unavailable when too many wait.
func (t *Tx) InsertLinkRequest(ctx context.Context, r *LinkRequest) error {
	audit, err := json.Marshal(r.Audit)
	if err != nil {
		return err
	}
	asker := network.Of(r.Audit.IPAddress).String() // an IPv6 host has more addresses than the table has room
	var waiting, ofAsker int
	err = t.queryRow(ctx, "SELECT (SELECT count(*) FROM link_requests), (SELECT count(*) FROM link_requests WHERE asker = ?)", asker).Scan(&waiting, &ofAsker)
	if err != nil {
		return err
	}
	if waiting >= linkRequestsMax || ofAsker >= linkRequestsAsker {
		return muster.E(muster.Unavailable, "api.context.server_busy.app_error")
	}
	t.changes.LinkRequests = true
	_, err = t.exec(ctx, "INSERT INTO link_requests (purpose, email, create_at, asker, audit) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING",
		r.Purpose, r.Email, t.now, asker, string(audit))
	return err
}

// LinkRequested reports whether there are link requests.
func (s *Store) LinkRequested(ctx context.Context) (bool, error) {
	_, err := scanString(s.queryRow(ctx, "SELECT email FROM link_requests LIMIT 1"))
	return found(err)
}

// TakeLinkRequests deletes the oldest requests, at most limit, and returns them by address, the order in which their accounts must be locked.
func (t *Tx) TakeLinkRequests(ctx context.Context, limit int) ([]*LinkRequest, error) {
	rows, err := t.query(ctx, "SELECT purpose, email, audit FROM link_requests ORDER BY create_at LIMIT ?"+t.s.dialect.forUpdateSkipLocked(), limit)
	requests, err := collect(rows, err, scanLinkRequest)
	if err != nil {
		return nil, err
	}
	for _, r := range requests {
		if _, err := t.exec(ctx, "DELETE FROM link_requests WHERE purpose = ? AND email = ?", r.Purpose, r.Email); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(requests, func(a, b *LinkRequest) int { return strings.Compare(a.Email, b.Email) })
	return requests, nil
}

func scanLinkRequest(row scanner) (*LinkRequest, error) {
	r := &LinkRequest{}
	var audit string
	if err := row.Scan(&r.Purpose, &r.Email, &audit); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(audit), &r.Audit); err != nil {
		return nil, fmt.Errorf("link request: %w", err)
	}
	return r, nil
}

// UserByEmailForUpdate is UserForUpdate by email address, for an account that is not to be saved.
func (t *Tx) UserByEmailForUpdate(ctx context.Context, email string) (*muster.User, error) {
	return scanUser(t.queryRow(ctx, "SELECT "+userColumns+" FROM users u WHERE u.email = ?"+t.s.dialect.forUpdate(), email))
}

// CountLinks returns how many links of a purpose an account was mailed since a time (Unix ms) that are still valid.
func (t *Tx) CountLinks(ctx context.Context, userID, purpose string, since int64) (n int, err error) {
	err = t.queryRow(ctx, "SELECT count(*) FROM mail_tokens WHERE user_id = ? AND purpose = ? AND create_at > ?", userID, purpose, since).Scan(&n)
	return n, err
}
