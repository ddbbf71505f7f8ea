package ws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tinylib/msgp/msgp"

	"muster"
	"muster/internal/message"
)

// frame is what a client asks (websocket.json, frames.client).
type frame struct {
	Seq    int64          `json:"seq"`
	Action string         `json:"action"`
	Data   map[string]any `json:"data"`
}

// decodeFrame reads a frame: JSON, or msgpack when it is binary.
func decodeFrame(binary bool, b []byte) (*frame, error) {
	if binary {
		var text bounded
		if _, err := msgp.UnmarshalAsJSON(&text, b); err != nil {
			return nil, fmt.Errorf("not msgpack: %w", err)
		}
		b = text.Bytes()
	}
	var f frame
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("not a frame: %w", err)
	}
	return &f, nil
}

// bounded keeps msgpack from unfolding into much more text than it took: nine bytes can be a number of 309 digits.
type bounded struct{ bytes.Buffer }

var errUnfolds = errors.New("too much text")

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > 8*frameMax {
		return 0, errUnfolds
	}
	return b.Buffer.Write(p)
}

// check is the order of refusals of the reference server; what needs no session comes first.
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

// text is a parameter that is a string; "" when it is not there. Kind Invalid.
func (f *frame) text(name string) (string, error) {
	v, given := f.Data[name]
	s, ok := v.(string)
	if given && v != nil && !ok {
		return "", errParam(name)
	}
	return s, nil
}

// texts is a parameter that is a list of strings. Kind Invalid.
func (f *frame) texts(name string) ([]string, error) {
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

// errorBody is the API's error object (models.json, AppError).
type errorBody struct {
	ID            string `json:"id"`
	Message       string `json:"message"`
	DetailedError string `json:"detailed_error"`
	RequestID     string `json:"request_id,omitempty"`
	StatusCode    int    `json:"status_code"`
}

func errorObject(e *muster.Error) *errorBody {
	return &errorBody{ID: e.ID, Message: message.Of(e), StatusCode: e.Kind.Status()}
}

// reply answers a frame (websocket.json, frames.reply).
type reply struct {
	Status   string         `json:"status"`
	SeqReply int64          `json:"seq_reply,omitempty"`
	Data     map[string]any `json:"data,omitempty"`
	Error    *errorBody     `json:"error,omitempty"`
}

// answer sends the reply to a frame; false when the socket failed.
func (s *socket) answer(f *frame, data map[string]any, err error) bool {
	r := reply{Status: "OK", SeqReply: f.Seq, Data: data}
	if err != nil {
		r.Status, r.Data = "FAIL", nil
		e := muster.AsError(err)
		r.Error = errorObject(e)
		if e.Kind.Fault() && e.Cause != nil {
			r.Error.RequestID = muster.NewID()
			s.hub.log.Error("WebSocket action", "request_id", r.Error.RequestID, "action", f.Action, "error", err)
		}
	}
	text, err := json.Marshal(r)
	if err != nil { // plain values always encode
		s.hub.log.Error("encode reply", "action", f.Action, "error", err)
		return true
	}
	return s.send(text)
}
