package core

import "encoding/json"

// JSONText returns an object as JSON in a string, which is how the protocol carries some objects in an event (websocket.json, encoding).
func JSONText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null" // plain structs always encode
	}
	return string(b)
}
