package message

// webSocketErrors are about the WebSocket and what clients ask over it.
var webSocketErrors = map[string]string{
	"api.web_socket.connect.upgrade.app_error":          "The WebSocket could not be opened. Ask for a WebSocket, from a page of this server or of one that its settings allow.",
	"api.web_socket_router.bad_action.app_error":        "There is no such action. Check the action's name.",
	"api.web_socket_router.bad_seq.app_error":           "The frame's seq is missing or not valid. Number the frames from 1.",
	"api.web_socket_router.no_action.app_error":         "The frame names no action. Name one and send it again.",
	"api.web_socket_router.not_authenticated.app_error": "The connection has no session. Send authentication_challenge with a session token first.",
	"api.web_socket_router.rate_limited.app_error":      "Too many frames in a short time. Send fewer, or the connection will be closed.",
	"api.websocket_handler.invalid_param.app_error":     "The action's {Name} is missing or not valid. Correct it and send the frame again.",
	"api.websocket_handler.server_busy.app_error":       "The server holds as many connections as it can, or is about to stop. Try again in a moment.",
}
