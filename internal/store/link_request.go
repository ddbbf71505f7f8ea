package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"muster"
)

const (
	linkRequestsMax = 10_000 // that wait at a time, whoever asked
	linksAnHour     = 3      // mailed to one account for one purpose
	hourMilli       = 60 * 60 * 1000
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
	return s.write(ctx, func(t *tx) error {
		var waiting int
		if err := t.queryRow(ctx, "SELECT count(*) FROM link_requests").Scan(&waiting); err != nil {
			return err
		}
		if waiting >= linkRequestsMax {
			return muster.E(muster.Unavailable, "api.context.server_busy.app_error")
		}
		_, err := t.exec(ctx, "INSERT INTO link_requests (purpose, email, create_at, audit) VALUES (?,?,?,?) ON CONFLICT DO NOTHING", r.Purpose, r.Email, t.now, string(audit))
		return err
	})
}

// AnswerLinkRequest takes the oldest request and keeps what write makes of it for the active person whose address it is: in one transaction, so that it
// is answered once. An address that is nobody's gets nothing, and neither does who was mailed enough links of the kind. ErrNotFound when nobody asks.
func (s *Store) AnswerLinkRequest(ctx context.Context, write func(*LinkRequest, *muster.User) Post) error {
	const oldest = "FROM link_requests ORDER BY create_at LIMIT 1"
	if _, err := scanString(s.queryRow(ctx, "SELECT email "+oldest)); err != nil {
		return noRow(err) // as nearly always: it costs no write
	}
	return s.write(ctx, func(t *tx) error {
		r, err := t.takeLinkRequest(ctx, oldest)
		if err != nil {
			return err
		}
		u, err := scanUser(t.queryRow(ctx, "SELECT "+userColumns+" FROM users u WHERE u.email = ?"+s.dialect.forUpdate(), r.Email))
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
		p := write(r, u)
		if len(p.Mails) == 0 {
			return nil
		}
		r.Audit.UserID = u.ID
		if err := t.savePost(ctx, p); err != nil {
			return err
		}
		return t.saveAudits(ctx, []*muster.Audit{r.Audit})
	})
}

func (t *tx) takeLinkRequest(ctx context.Context, which string) (*LinkRequest, error) {
	r := &LinkRequest{}
	var audit string
	if err := t.queryRow(ctx, "SELECT purpose, email, audit "+which+t.s.dialect.forUpdateFree()).Scan(&r.Purpose, &r.Email, &audit); err != nil {
		return nil, noRow(err)
	}
	if err := json.Unmarshal([]byte(audit), &r.Audit); err != nil {
		return nil, fmt.Errorf("request of a link: %w", err)
	}
	_, err := t.exec(ctx, "DELETE FROM link_requests WHERE purpose = ? AND email = ?", r.Purpose, r.Email)
	return r, err
}

// linkedEnough tells whether the account got as many links of a purpose as an hour allows, so that a stranger can't flood a mailbox.
func (t *tx) linkedEnough(ctx context.Context, userID, purpose string) (bool, error) {
	var n int
	err := t.queryRow(ctx, "SELECT count(*) FROM mail_tokens WHERE user_id = ? AND purpose = ? AND create_at > ?", userID, purpose, t.now-hourMilli).Scan(&n)
	return n >= linksAnHour, err
}
