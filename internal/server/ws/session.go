package ws

import (
	"context"
	"strings"

	"muster"
	"muster/internal/core"
)

// session is the session that a socket was opened with.
type session struct {
	token     string
	userID    string
	expiresAt int64  // Unix ms, 0: never
	epoch     uint64 // of the validation, when the session was looked up
}

// findSession looks up the session of a token. Kinds: Unauthenticated; Forbidden if a second factor must be set up or terms accepted first.
func (h *Hub) findSession(ctx context.Context, token string) (*session, error) {
	epoch := h.validation.epoch.Load() // read first, so that a change during the look-up is noticed
	found, user, err := h.services.Auth.Authenticate(ctx, token)
	if err != nil {
		return nil, err
	}
	if err := h.services.Auth.Admit(ctx, &core.Caller{Session: found, User: user}); err != nil {
		return nil, err
	}
	// The token is a part of a header, all of which the connection would keep in memory.
	return &session{token: strings.Clone(token), userID: user.ID, expiresAt: found.ExpiresAt, epoch: epoch}, nil
}

// caller returns who uses a connection, as of now. Kinds: those of findSession.
func (h *Hub) caller(ctx context.Context, token string) (*core.Caller, error) {
	found, user, err := h.services.Auth.Revalidate(ctx, token)
	if err != nil {
		return nil, err
	}
	who := &core.Caller{Session: found, User: user, Path: Path}
	return who, h.services.Auth.Admit(ctx, who)
}

// isNoSession reports whether an error says that a session has ended or is not allowed, rather than that the look-up failed.
func isNoSession(err error) bool {
	return muster.IsKind(err, muster.Unauthenticated) || muster.IsKind(err, muster.Forbidden)
}
