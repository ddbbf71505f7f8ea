package ws

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"muster"
	"muster/internal/config"
)

// encodedEvent is an encoded event up to its number, which differs between connections.
type encodedEvent struct {
	prefix    []byte
	droppable bool
}

// broadcast tells a client why it receives an event (websocket.json, broadcast_fields).
type broadcast struct {
	OmitUsers             map[string]bool `json:"omit_users"`
	UserID                string          `json:"user_id"`
	ChannelID             string          `json:"channel_id"`
	TeamID                string          `json:"team_id"`
	ConnectionID          string          `json:"connection_id"`
	OmitConnectionID      string          `json:"omit_connection_id"`
	ContainsSanitizedData bool            `json:"contains_sanitized_data,omitempty"`
	ContainsSensitiveData bool            `json:"contains_sensitive_data,omitempty"`
}

// encode encodes an event, once for all its recipients.
func encode(e muster.Event) (*encodedEvent, error) {
	to := e.Audience
	b := broadcast{
		UserID: to.UserID, ChannelID: to.ChannelID, TeamID: to.TeamID,
		ContainsSanitizedData: to.NotAdmins, ContainsSensitiveData: to.Admins,
	}
	for _, id := range to.OmitUsers {
		if b.OmitUsers == nil {
			b.OmitUsers = make(map[string]bool, len(to.OmitUsers))
		}
		b.OmitUsers[id] = true
	}
	if e.Data == nil {
		e.Data = map[string]any{}
	}
	text, err := json.Marshal(struct {
		Event     string         `json:"event"`
		Data      map[string]any `json:"data"`
		Broadcast broadcast      `json:"broadcast"`
	}{e.Name, e.Data, b})
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.Name, err)
	}
	prefix := append(text[:len(text)-1], `,"seq":`...)
	return &encodedEvent{prefix: prefix, droppable: e.Name == muster.EventTyping || e.Name == muster.EventStatusChange}, nil
}

// appendTo appends the event with a number as the text of a frame.
func (m *encodedEvent) appendTo(b []byte, seq int64) []byte {
	b = append(b, m.prefix...)
	return append(strconv.AppendInt(b, seq, 10), '}')
}

// hello returns the first event of a connection.
func (h *Hub) hello(userID, connectionID string) (*encodedEvent, error) {
	version, err := h.clientVersion()
	if err != nil {
		return nil, err
	}
	return encode(muster.Event{
		Name:     muster.EventHello,
		Data:     map[string]any{"server_version": version, "connection_id": connectionID},
		Audience: muster.Audience{UserID: userID},
	})
}

// serverVersion is the version that clients see under some settings.
type serverVersion struct {
	config *config.Config
	text   string
}

// clientVersion returns a text that names the version, the build and the settings. Clients read the settings again when it changes.
func (h *Hub) clientVersion() (string, error) {
	c := h.services.Core.Config()
	if v := h.cachedVersion.Load(); v != nil && v.config == c {
		return v.text, nil
	}
	text, err := json.Marshal(config.ClientConfig(c, true))
	if err != nil {
		return "", fmt.Errorf("encode client settings: %w", err)
	}
	sum := sha256.Sum256(text)
	v := &serverVersion{config: c, text: config.ReferenceVersion + "." + h.version + "." + hex.EncodeToString(sum[:8]) + ".false"}
	h.cachedVersion.Store(v)
	return v.text, nil
}
