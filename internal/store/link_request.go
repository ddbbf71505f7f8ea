package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"muster"
	"muster/internal/network"
)

const (
	linkRequestsMax   = 10_000 // that wait at a time, whoever asked
	linkRequestsAsker = 500    // of those, from one network
	linkRequestsBatch = 100    // that are answered in one transaction
	linksAnHour       = 3      // mailed to one account for one purpose
	hourMilli         = 60 * 60 * 1000
)

// LinkRequest is somebody's wish that a link be mailed to an address, which need not be anybody's.
type LinkRequest struct {
	Purpose string // of the link's token
	Email   string // folded
	Audit   *muster.Audit
}

// RequestLink keeps a request; one that waits already for the same is enough. It does the same whether the address is anybody's.
// Kind Unavailable when too many wait.
func (s *Store) RequestLink(ctx context.Context, r *LinkRequest) error {
	audit, err := json.Marshal(r.Audit)
	if err != nil {
		return err
	}
	asker := network.Of(r.Audit.IPAddress).String() // an IPv6 host has more addresses than the table has room
	return s.Write(ctx, func(t *Tx) error {
		var waiting, ofAsker int
		err := t.queryRow(ctx, "SELECT (SELECT count(*) FROM link_requests), (SELECT count(*) FROM link_requests WHERE asker = ?)", asker).Scan(&waiting, &ofAsker)
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
	})
}

// AnswerLinkRequests takes the oldest requests and keeps what write makes of each for the active person whose address it is: in one transaction, so
// that each is answered once. An address that is nobody's gets nothing, and neither does who was mailed enough links of the kind. It gives how many it took.
func (s *Store) AnswerLinkRequests(ctx context.Context, write func(*LinkRequest, *muster.User) *Mail) (n int, err error) {
	if _, err := scanString(s.queryRow(ctx, "SELECT email FROM link_requests LIMIT 1")); err != nil {
		if errors.Is(noRow(err), ErrNotFound) {
			return 0, nil // as nearly always: it costs no write
		}
		return 0, err
	}
	err = s.Write(ctx, func(t *Tx) error {
		rows, err := t.query(ctx, "SELECT purpose, email, audit FROM link_requests ORDER BY create_at LIMIT ?"+s.dialect.forUpdateSkipLocked(), linkRequestsBatch)
		requests, err := collect(rows, err, scanLinkRequest)
		if err != nil {
			return err
		}
		slices.SortFunc(requests, func(a, b *LinkRequest) int { return strings.Compare(a.Email, b.Email) }) // accounts are locked in one order
		for _, r := range requests {
			if err := t.answerLinkRequest(ctx, r, write); err != nil {
				return err
			}
		}
		n = len(requests)
		return nil
	})
	return n, err
}

func scanLinkRequest(row scanner) (*LinkRequest, error) {
	r := &LinkRequest{}
	var audit string
	if err := row.Scan(&r.Purpose, &r.Email, &audit); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(audit), &r.Audit); err != nil {
		return nil, fmt.Errorf("request of a link: %w", err)
	}
	return r, nil
}

func (t *Tx) answerLinkRequest(ctx context.Context, r *LinkRequest, write func(*LinkRequest, *muster.User) *Mail) error {
	if _, err := t.exec(ctx, "DELETE FROM link_requests WHERE purpose = ? AND email = ?", r.Purpose, r.Email); err != nil {
		return err
	}
	u, err := scanUser(t.queryRow(ctx, "SELECT "+userColumns+" FROM users u WHERE u.email = ?"+t.s.dialect.forUpdate(), r.Email))
	if errors.Is(err, ErrNotFound) || err == nil && (u.IsBot || u.DeleteAt != 0) {
		return nil
	}
	if err != nil {
		return err
	}
	enough, err := t.linkedEnough(ctx, u.ID, r.Purpose)
	if err != nil || enough {
		return err
	}
	m := write(r, u)
	if m == nil {
		return nil
	}
	r.Audit.UserID = u.ID
	if err := t.Enqueue(ctx, m); err != nil {
		return err
	}
	return t.saveAudits(ctx, []*muster.Audit{r.Audit})
}

// linkedEnough tells whether the account got as many links of a purpose as an hour allows, so that a stranger can't flood a mailbox.
func (t *Tx) linkedEnough(ctx context.Context, userID, purpose string) (bool, error) {
	var n int
	err := t.queryRow(ctx, "SELECT count(*) FROM mail_tokens WHERE user_id = ? AND purpose = ? AND create_at > ?", userID, purpose, t.now-hourMilli).Scan(&n)
	return n >= linksAnHour, err
}
