package message

// webSocketErrors are about the WebSocket and what clients ask over it.
var webSocketErrors = map[string]string{
	"api.web_socket.connect.upgrade.app_error":          "The WebSocket couldn't be opened. Send a WebSocket request, from this server's pages or from an origin its settings allow.",
	"api.web_socket_router.bad_action.app_error":        "This action doesn't exist. Check its name.",
	"api.web_socket_router.bad_seq.app_error":           "The frame's seq is missing or invalid. Number the frames from 1.",
	"api.web_socket_router.no_action.app_error":         "The frame has no action. Add one and send it again.",
	"api.web_socket_router.not_authenticated.app_error": "The connection isn't authenticated. Send authentication_challenge with a session token first.",
	"api.web_socket_router.rate_limited.app_error":      "Too many frames. Slow down, or the connection will be closed.",
	"api.websocket_handler.invalid_param.app_error":     "The action's {Name} is missing or invalid. Correct it and send the frame again.",
	"api.websocket_handler.server_busy.app_error":       "The server holds as many connections as it can, or is about to stop. Try again in a moment.",
}
