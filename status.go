package muster

// Status values that a user may have.
const (
	StatusOnline  = "online"
	StatusAway    = "away"
	StatusDnd     = "dnd"
	StatusOffline = "offline"
)

// DndEndTimeMax bounds the end of "do not disturb": the year 9999, in Unix seconds.
const DndEndTimeMax = 253_402_300_799

// Status is whether a user is there.
type Status struct {
	UserID         string `json:"user_id"`
	Status         string `json:"status"`
	Manual         bool   `json:"manual"`
	LastActivityAt int64  `json:"last_activity_at"`
	ActiveChannel  string `json:"active_channel,omitempty"`
	DndEndTime     int64  `json:"dnd_end_time"` // Unix seconds, 0: no end
}

// ValidStatus tells whether a client may set the value.
func ValidStatus(s string) bool {
	return s == StatusOnline || s == StatusAway || s == StatusDnd || s == StatusOffline
}
