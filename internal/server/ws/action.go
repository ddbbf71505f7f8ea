package ws

import (
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"muster"
	"muster/internal/config"
	"muster/internal/core"
)

// Limits on what a client may send. The burst is for a page that has just loaded. A client that keeps exceeding the limit is cut off.
const (
	framesPerSecond = 100
	framesBurst     = 200
	maxRefused      = 100 // frames over the limit before the socket is closed

	maxStatuses  = 1000 // accounts in the reply to get_statuses
	statusesCost = 20   // frames that get_statuses counts as, beside itself
)

const actionChallenge = "authentication_challenge"

// request is a frame of a client that has signed in.
type request struct {
	*frame
	who *core.Caller
	hub *Hub
}

// action is what a frame can ask for.
type action struct {
	do      func(ctx context.Context, r request) (map[string]any, error) // returns the data of the reply
	cost    int                                                          // frames that it counts as in the limit, beside itself
	noReply bool
}

// actions are the actions by name (websocket.json, actions).
var actions = map[string]action{
	"ping":                      {do: ping},
	"user_typing":               {do: userTyping},
	"user_update_active_status": {do: userUpdateActiveStatus},
	"get_statuses":              {do: getStatuses, cost: statusesCost},
	"get_statuses_by_ids":       {do: getStatusesByIDs},
	"presence":                  {do: accepted},
	"posted_notify_ack":         {do: accepted, noReply: true},
}

// handle handles a frame. It returns false if the socket should read no more.
func (s *socket) handle(binary bool, b []byte) bool {
	f, err := decodeFrame(binary, b)
	if err != nil {
		s.close(statusBadPayload, "the frame is not valid JSON or MessagePack")
		return false
	}
	if !s.allow(1) {
		return s.refuse(f)
	}
	if err := f.check(); err != nil {
		return s.answer(f, nil, err)
	}
	c := s.conn.Load()
	if f.Action == actionChallenge {
		return c != nil || s.authenticate(f)
	}
	if c == nil {
		return s.answer(f, nil, muster.E(muster.Unauthenticated, "api.web_socket_router.not_authenticated.app_error"))
	}
	a, known := actions[f.Action]
	if !known {
		return s.answer(f, nil, muster.E(muster.Invalid, "api.web_socket_router.bad_action.app_error"))
	}
	if a.cost > 0 && !s.allow(a.cost) {
		return s.refuse(f)
	}
	return s.perform(c, a, f)
}

// allow takes the cost of a frame off the socket's limit, and reports whether the limit allows it.
func (s *socket) allow(cost int) bool {
	now := time.Now()
	if s.limiter == nil {
		s.limiter = rate.NewLimiter(framesPerSecond, framesBurst)
	}
	if s.limiter.TokensAt(now) >= framesBurst {
		s.refused = 0
	}
	return s.limiter.AllowN(now, cost)
}

// refuse answers a frame over the limit. It closes the socket of a client that keeps sending.
func (s *socket) refuse(f *frame) bool {
	s.refused++
	if s.refused <= maxRefused {
		return s.answer(f, nil, muster.E(muster.RateLimited, "api.web_socket_router.rate_limited.app_error"))
	}
	if c := s.conn.Load(); c != nil {
		s.hub.drop(c)
	}
	s.close(statusPolicyViolation, "too many frames")
	return false
}

// authenticate signs in on a socket that was opened without a session. A bad token gets no reply (websocket.json, auth.challenge).
func (s *socket) authenticate(f *frame) bool {
	token, _ := f.Data["token"].(string)
	ctx, cancel := s.hub.requestContext()
	defer cancel()
	in, err := s.hub.findSession(ctx, token)
	switch {
	case isNoSession(err):
		s.close(statusPolicyViolation, "the token is not valid")
		return false
	case err != nil:
		return s.answer(f, nil, err)
	case !s.hub.userMayConnect(in.userID):
		return s.answer(f, nil, errBusy)
	}
	if !s.answer(f, nil, nil) {
		return false
	}
	if err := s.hub.attach(s, in); err != nil {
		s.closeFor(err)
		return false
	}
	return true
}

// perform performs an action with the rights that the session has at this moment.
func (s *socket) perform(c *conn, a action, f *frame) bool {
	token, _, ended := c.toValidate()
	if ended {
		return false
	}
	ctx, cancel := s.hub.requestContext()
	defer cancel()
	who, err := s.hub.caller(ctx, token)
	if isNoSession(err) {
		s.hub.closeConn(c, statusPolicyViolation, "the session has ended")
		return false
	}
	var data map[string]any
	if err == nil {
		data, err = a.do(ctx, request{f, who, s.hub})
	}
	if err != nil && ctx.Err() != nil {
		err = errBusy // it took too long, or the server is shutting down
	}
	return a.noReply || s.answer(f, data, err)
}

func accepted(context.Context, request) (map[string]any, error) { return nil, nil }

func ping(_ context.Context, r request) (map[string]any, error) {
	return map[string]any{
		"text": "pong", "version": config.ReferenceVersion, "server_time": r.hub.now().UnixMilli(), "node_id": "",
	}, nil
}

func userTyping(ctx context.Context, r request) (map[string]any, error) {
	channelID, err := r.stringParam("channel_id")
	if err != nil || !muster.ValidID(channelID) {
		return nil, errParam("channel_id")
	}
	parentID, err := r.stringParam("parent_id")
	if err != nil {
		return nil, err
	}
	return nil, r.hub.services.Directory.PublishTyping(ctx, r.who, r.who.ID(), channelID, parentID)
}

// userUpdateActiveStatus sets the status online or away. One that was set manually stays until it is changed manually.
func userUpdateActiveStatus(ctx context.Context, r request) (map[string]any, error) {
	active, ok := r.Data["user_is_active"].(bool)
	if !ok {
		return nil, errParam("user_is_active")
	}
	status := muster.StatusAway
	if active {
		status = muster.StatusOnline
	}
	if manual, _ := r.Data["manual"].(bool); manual {
		_, err := r.hub.services.Directory.UpdateStatus(ctx, r.who, &muster.Status{UserID: r.who.ID(), Status: status})
		return nil, err
	}
	return nil, r.hub.services.Directory.SetPresence(ctx, r.who.ID(), status)
}

// getStatuses returns the statuses of up to maxStatuses connected accounts that the caller may see.
func getStatuses(ctx context.Context, r request) (map[string]any, error) {
	return statuses(ctx, r, r.hub.connectedUsers(maxStatuses))
}

func getStatusesByIDs(ctx context.Context, r request) (map[string]any, error) {
	ids, err := r.stringsParam("user_ids")
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(ids, func(id string) bool { return !muster.ValidID(id) }) {
		return nil, errParam("user_ids")
	}
	return statuses(ctx, r, ids)
}

func statuses(ctx context.Context, r request, ids []string) (map[string]any, error) {
	list, err := r.hub.services.Directory.StatusesByIDs(ctx, r.who, ids)
	if err != nil {
		return nil, err
	}
	return maps.Collect(func(yield func(string, any) bool) {
		for _, s := range list {
			if !yield(s.UserID, s.Status) {
				return
			}
		}
	}), nil
}
