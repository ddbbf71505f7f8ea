package core

import "encoding/json"

// JsonText is how the protocol carries some objects inside an event: as text (websocket.json, encoding).
func JsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null" // plain structs always encode
	}
	return string(b)
}
