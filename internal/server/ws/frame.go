package ws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tinylib/msgp/msgp"

	"muster"
	"muster/internal/server/httpx"
)

// frame is a request of a client (websocket.json, frames.client).
type frame struct {
	Seq    int64          `json:"seq"`
	Action string         `json:"action"`
	Data   map[string]any `json:"data"`
}

// decodeFrame decodes a frame: JSON, or MessagePack if it is binary.
func decodeFrame(binary bool, b []byte) (*frame, error) {
	if binary {
		var text boundedBuffer
		if _, err := msgp.UnmarshalAsJSON(&text, b); err != nil {
			return nil, fmt.Errorf("not MessagePack: %w", err)
		}
		b = text.Bytes()
	}
	var f frame
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("not a frame: %w", err)
	}
	return &f, nil
}

// boundedBuffer keeps MessagePack from becoming much more JSON: nine bytes can be a number of 309 digits.
type boundedBuffer struct{ bytes.Buffer }

var errTooLong = errors.New("too much text")

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > 8*maxFrame {
		return 0, errTooLong
	}
	return b.Buffer.Write(p)
}

// check checks what needs no session, in the order of the reference server.
func (f *frame) check() error {
	switch {
	case f.Action == "":
		return muster.E(muster.Invalid, "api.web_socket_router.no_action.app_error")
	case f.Seq <= 0:
		return muster.E(muster.Invalid, "api.web_socket_router.bad_seq.app_error")
	}
	return nil
}

func errParam(name string) error {
	return muster.E(muster.Invalid, "api.websocket_handler.invalid_param.app_error", "Name", name)
}

// stringParam returns a parameter that is a string, "" if it is missing. Kind Invalid.
func (f *frame) stringParam(name string) (string, error) {
	v, given := f.Data[name]
	s, ok := v.(string)
	if given && v != nil && !ok {
		return "", errParam(name)
	}
	return s, nil
}

// stringsParam returns a parameter that is a list of strings. Kind Invalid.
func (f *frame) stringsParam(name string) ([]string, error) {
	list, ok := f.Data[name].([]any)
	if !ok || len(list) == 0 {
		return nil, errParam(name)
	}
	out := make([]string, len(list))
	for i, v := range list {
		if out[i], ok = v.(string); !ok {
			return nil, errParam(name)
		}
	}
	return out, nil
}

// reply is the reply to a frame (websocket.json, frames.reply).
type reply struct {
	Status   string           `json:"status"`
	SeqReply int64            `json:"seq_reply,omitempty"`
	Data     map[string]any   `json:"data,omitempty"`
	Error    *httpx.ErrorBody `json:"error,omitempty"`
}

// answer sends the reply to a frame. It returns false if the socket failed.
func (s *socket) answer(f *frame, data map[string]any, err error) bool {
	r := reply{Status: "OK", SeqReply: f.Seq, Data: data}
	if err != nil {
		r.Status, r.Data = "FAIL", nil
		e := muster.AsError(err)
		r.Error = httpx.NewErrorBody(e, "")
		if e.Kind.Fault() && e.Cause != nil {
			r.Error.RequestID = muster.NewID()
			s.hub.log.Error("handle a WebSocket action", "request_id", r.Error.RequestID, "action", f.Action, "error", err)
		}
	}
	text, err := json.Marshal(r)
	if err != nil { // plain values always encode
		s.hub.log.Error("encode reply", "action", f.Action, "error", err)
		return true
	}
	return s.send(text)
}
