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

// encodedEvent is an event in its encoding, up to the number that each connection has its own of.
type encodedEvent struct {
	head      []byte
	droppable bool
}

// broadcast tells a client why it hears of an event (websocket.json, broadcast_fields).
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

// encode makes the message of an event, once for everybody who hears of it.
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
	head := append(text[:len(text)-1], `,"seq":`...)
	return &encodedEvent{head: head, droppable: e.Name == muster.EventTyping || e.Name == muster.EventStatusChange}, nil
}

// appendTo appends the event as the text of a frame.
func (m *encodedEvent) appendTo(b []byte, seq int64) []byte {
	b = append(b, m.head...)
	return append(strconv.AppendInt(b, seq, 10), '}')
}

// hello is the first event of a connection.
func (h *Hub) hello(userID, connectionID string) (*encodedEvent, error) {
	version, err := h.serverVersion()
	if err != nil {
		return nil, err
	}
	return encode(muster.Event{
		Name:     muster.EventHello,
		Data:     map[string]any{"server_version": version, "connection_id": connectionID},
		Audience: muster.Audience{UserID: userID},
	})
}

// identity is the server's version under some settings.
type identity struct {
	of      *config.Config
	version string
}

// serverVersion names the version, the build and the settings: when it changes, clients read the settings anew.
func (h *Hub) serverVersion() (string, error) {
	c := h.app.Config()
	if is := h.identity.Load(); is != nil && is.of == c {
		return is.version, nil
	}
	text, err := json.Marshal(config.ClientConfig(c, true))
	if err != nil {
		return "", fmt.Errorf("encode client settings: %w", err)
	}
	sum := sha256.Sum256(text)
	is := &identity{of: c, version: config.ReferenceVersion + "." + h.version + "." + hex.EncodeToString(sum[:8]) + ".false"}
	h.identity.Store(is)
	return is.version, nil
}
