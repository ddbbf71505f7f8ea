package muster

// Values of Status.
const (
	StatusOnline  = "online"
	StatusAway    = "away"
	StatusDnd     = "dnd"
	StatusOffline = "offline"
)

// DndEndTimeMax is the latest end of "do not disturb", in Unix seconds: the end of the year 9999.
const DndEndTimeMax = 253_402_300_799

// Status is a user's availability. LastActivityAt is in Unix milliseconds.
type Status struct {
	UserID         string `json:"user_id"`
	Status         string `json:"status"`
	Manual         bool   `json:"manual"`
	LastActivityAt int64  `json:"last_activity_at"`
	ActiveChannel  string `json:"active_channel,omitempty"`
	DndEndTime     int64  `json:"dnd_end_time"` // Unix seconds, 0: no end
}

// ValidStatus reports whether a user can set the status.
func ValidStatus(s string) bool {
	return s == StatusOnline || s == StatusAway || s == StatusDnd || s == StatusOffline
}
