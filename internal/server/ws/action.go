package ws

import (
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"muster"
	"muster/internal/app"
	"muster/internal/config"
)

// What a client may send. A burst is for a page that just loaded; who goes on over the limit is cut off.
const (
	framesPerSecond = 100
	framesBurst     = 200
	refusedMax      = 100 // frames over the limit before the socket is closed

	statusesMax  = 1000 // people whose status one get_statuses tells
	statusesCost = 20   // as many frames as it is worth
)

const actionChallenge = "authentication_challenge"

// request is a frame that somebody who is signed in sent.
type request struct {
	*frame
	who *app.Caller
	hub *Hub
}

// action does what a frame asks and gives the reply's data.
type action struct {
	do    func(ctx context.Context, r request) (map[string]any, error)
	cost  int  // in frames of the limit, beyond the one that it is
	quiet bool // it has no reply
}

// actions by name (websocket.json, actions).
var actions = map[string]action{
	"ping":                      {do: ping},
	"user_typing":               {do: userTyping},
	"user_update_active_status": {do: userUpdateActiveStatus},
	"get_statuses":              {do: getStatuses, cost: statusesCost},
	"get_statuses_by_ids":       {do: getStatusesByIDs},
	"presence":                  {do: accepted},
	"posted_notify_ack":         {do: accepted, quiet: true},
}

// handle takes a frame; false when the socket is to take no more.
func (s *socket) handle(binary bool, b []byte) bool {
	f, err := decodeFrame(binary, b)
	if err != nil {
		s.close(statusBadPayload, "the frame is not JSON or msgpack of the protocol")
		return false
	}
	if !s.allowed(1) {
		return s.refuse(f)
	}
	if err := f.check(); err != nil {
		return s.answer(f, nil, err)
	}
	c := s.conn.Load()
	if f.Action == actionChallenge {
		return c != nil || s.challenge(f)
	}
	if c == nil {
		return s.answer(f, nil, muster.E(muster.Unauthenticated, "api.web_socket_router.not_authenticated.app_error"))
	}
	a, known := actions[f.Action]
	if !known {
		return s.answer(f, nil, muster.E(muster.Invalid, "api.web_socket_router.bad_action.app_error"))
	}
	if a.cost > 0 && !s.allowed(a.cost) {
		return s.refuse(f)
	}
	return s.perform(c, a, f)
}

// allowed takes a frame's cost off the socket's limit.
func (s *socket) allowed(cost int) bool {
	now := time.Now()
	if s.limiter == nil {
		s.limiter = rate.NewLimiter(framesPerSecond, framesBurst)
	}
	if s.limiter.TokensAt(now) >= framesBurst {
		s.refused = 0
	}
	return s.limiter.AllowN(now, cost)
}

// refuse answers a frame over the limit, and closes the socket of a client that takes no notice.
func (s *socket) refuse(f *frame) bool {
	s.refused++
	if s.refused <= refusedMax {
		return s.answer(f, nil, muster.E(muster.RateLimited, "api.web_socket_router.rate_limited.app_error"))
	}
	if c := s.conn.Load(); c != nil {
		s.hub.drop(c)
	}
	s.close(statusPolicyViolation, "too many frames")
	return false
}

// challenge signs in on a socket that was opened without a session. A bad token has no reply (websocket.json, auth.challenge).
func (s *socket) challenge(f *frame) bool {
	token, _ := f.Data["token"].(string)
	ctx, cancel := s.hub.asking()
	defer cancel()
	in, err := s.hub.signIn(ctx, token)
	switch {
	case refused(err):
		s.close(statusPolicyViolation, "the token is of no session")
		return false
	case err != nil:
		return s.answer(f, nil, err)
	case !s.hub.hasRoom(in.userID):
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

// perform does an action as whoever the session is of at this moment.
func (s *socket) perform(c *conn, a action, f *frame) bool {
	token, _, gone := c.signInToCheck()
	if gone {
		return false
	}
	ctx, cancel := s.hub.asking()
	defer cancel()
	who, err := s.hub.caller(ctx, token)
	if refused(err) {
		s.hub.dismiss(c, statusPolicyViolation, "the session has ended")
		return false
	}
	var data map[string]any
	if err == nil {
		data, err = a.do(ctx, request{f, who, s.hub})
	}
	if err != nil && ctx.Err() != nil {
		err = errBusy // it took too long, or the server stops
	}
	return a.quiet || s.answer(f, data, err)
}

func accepted(context.Context, request) (map[string]any, error) { return nil, nil }

func ping(_ context.Context, r request) (map[string]any, error) {
	return map[string]any{
		"text": "pong", "version": config.ReferenceVersion, "server_time": r.hub.now().UnixMilli(), "node_id": "",
	}, nil
}

func userTyping(ctx context.Context, r request) (map[string]any, error) {
	channelID, err := r.text("channel_id")
	if err != nil || !muster.ValidID(channelID) {
		return nil, errParam("channel_id")
	}
	parentID, err := r.text("parent_id")
	if err != nil {
		return nil, err
	}
	return nil, r.hub.app.PublishTyping(ctx, r.who, r.who.ID(), channelID, parentID)
}

// userUpdateActiveStatus sets online or away; by hand, it stays until it is changed by hand.
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
		_, err := r.hub.app.UpdateStatus(ctx, r.who, &muster.Status{UserID: r.who.ID(), Status: status})
		return nil, err
	}
	return nil, r.hub.app.SetPresence(ctx, r.who.ID(), status)
}

// getStatuses tells of the people who are connected, those whom the caller may see; of a thousand at most.
func getStatuses(ctx context.Context, r request) (map[string]any, error) {
	return statuses(ctx, r, r.hub.here(statusesMax))
}

func getStatusesByIDs(ctx context.Context, r request) (map[string]any, error) {
	ids, err := r.texts("user_ids")
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(ids, func(id string) bool { return !muster.ValidID(id) }) {
		return nil, errParam("user_ids")
	}
	return statuses(ctx, r, ids)
}

func statuses(ctx context.Context, r request, ids []string) (map[string]any, error) {
	list, err := r.hub.app.StatusesByIDs(ctx, r.who, ids)
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
