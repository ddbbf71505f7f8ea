package muster

// Audit is an entry of the audit log. CreateAt is in Unix milliseconds.
type Audit struct {
	ID        string `json:"id"`
	CreateAt  int64  `json:"create_at"`
	UserID    string `json:"user_id"`
	Action    string `json:"action"` // the path of the operation
	ExtraInfo string `json:"extra_info"`
	IPAddress string `json:"ip_address"`
	SessionID string `json:"session_id"`
}
