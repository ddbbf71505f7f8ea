package api

import "slices"

// access is who may call a route at all; what they may do there the use case decides.
type access uint8

const (
	signedIn   access = iota // a session is needed
	open                     // with a session or without
	socketOnly               // on the local socket; elsewhere there is nothing at this address
)

// body is how much of a request's body is taken.
type body uint8

const (
	byAccess body = iota // edge.SmallBody where no session is needed, ServiceSettings.MaximumPayloadSizeBytes otherwise
	anyBody              // the latter for who has a session
	picture              // FileSettings.MaxProfileImageSize
	file                 // FileSettings.MaxFileSize
)

// limited is whose requests RateLimitSettings.LoginPerMinute counts: of operations that anybody can have work done by.
type limited uint8

const (
	nobody    limited = iota
	anonymous         // those without a session
	everybody         // a session changes nothing about the work
)

// route is one line of the table.
type route struct {
	method string
	path   string // below Prefix
	access access
	handle func(*call) (any, error)
	body   body
	limit  limited
	own    bool // is about the caller's own account or session: not on the local socket, where there is none
	enrol  bool // open to who has yet to set up the second factor that the settings ask for
	terms  bool // open before the terms of service are accepted; as are the routes of the second factor

	params []string // of the path, in order
}

// servedOn tells whether the route is served on the local socket, or else to everybody.
func (r *route) servedOn(local bool) bool {
	if local {
		return !r.own
	}
	return r.access != socketOnly
}

// routes is the table of everything served.
func routes() []route {
	return slices.Concat(userRoutes, signInRoutes, sessionRoutes, accessTokenRoutes, mfaRoutes, botRoutes, guestRoutes, groupRoutes, termsRoutes, uploadRoutes,
		teamRoutes, channelRoutes, roleRoutes, statusRoutes, preferenceRoutes, emailRoutes, systemRoutes)
}

var userRoutes = []route{
	// An administrator who moves accounts here may send props of any size.
	{method: "POST", path: "/users", access: open, limit: anonymous, body: anyBody, handle: createUser},
	{method: "GET", path: "/users", handle: getUsers},
	{method: "POST", path: "/users/ids", handle: getUsersByIDs},
	{method: "POST", path: "/users/usernames", handle: getUsersByUsernames},
	{method: "POST", path: "/users/group_channels", handle: getUsersByGroupChannelIDs},
	{method: "POST", path: "/users/search", handle: searchUsers},
	{method: "GET", path: "/users/autocomplete", handle: autocompleteUsers},
	{method: "GET", path: "/users/known", handle: getKnownUsers},
	{method: "GET", path: "/users/stats", handle: getTotalUsersStats},
	{method: "GET", path: "/users/stats/filtered", handle: getTotalUsersStatsFiltered},
	{method: "GET", path: "/users/username/{username}", handle: getUserByUsername},
	{method: "GET", path: "/users/email/{email}", handle: getUserByEmail},
	{method: "GET", path: "/users/{user_id}", handle: getUser, terms: true},
	{method: "PUT", path: "/users/{user_id}", handle: updateUser},
	{method: "DELETE", path: "/users/{user_id}", handle: deleteUser},
	{method: "DELETE", path: "/users", access: socketOnly, handle: permanentDeleteAllUsers},
	{method: "PUT", path: "/users/{user_id}/patch", handle: patchUser},
	{method: "PUT", path: "/users/{user_id}/active", handle: updateUserActive},
	{method: "PUT", path: "/users/{user_id}/roles", handle: updateUserRoles},
	{method: "PUT", path: "/users/{user_id}/password", handle: updateUserPassword},
	{method: "PUT", path: "/users/{user_id}/auth", handle: updateUserAuth},
	{method: "POST", path: "/users/{user_id}/email/verify/member", handle: verifyUserEmailWithoutToken},
	{method: "POST", path: "/users/{user_id}/reset_failed_attempts", handle: resetFailedAttempts},
	{method: "GET", path: "/users/{user_id}/image", handle: getProfileImage},
	{method: "POST", path: "/users/{user_id}/image", handle: setProfileImage, body: picture},
	{method: "DELETE", path: "/users/{user_id}/image", handle: setDefaultProfileImage},
	{method: "GET", path: "/users/{user_id}/image/default", handle: getDefaultProfileImage},
	{method: "GET", path: "/users/{user_id}/audits", handle: getUserAudits},
}

// signInRoutes are for people who have no session, or want none any more.
var signInRoutes = []route{
	{method: "POST", path: "/users/login", access: open, limit: everybody, handle: login, own: true},
	{method: "POST", path: "/users/login/cws", access: open, limit: everybody, handle: loginByCwsToken, own: true},
	{method: "POST", path: "/users/logout", access: open, handle: logout, own: true, enrol: true},
	{method: "POST", path: "/users/password/reset/send", access: open, limit: everybody, handle: sendPasswordResetEmail},
	{method: "POST", path: "/users/password/reset", access: open, limit: everybody, handle: resetPassword},
	{method: "POST", path: "/users/email/verify/send", access: open, limit: everybody, handle: sendVerificationEmail},
	{method: "POST", path: "/users/email/verify", access: open, limit: everybody, handle: verifyUserEmail},
}

var sessionRoutes = []route{
	{method: "PUT", path: "/users/sessions/device", handle: attachDeviceID, own: true},
	{method: "POST", path: "/users/sessions/reauthenticate", handle: reauthenticate, own: true},
	{method: "POST", path: "/users/sessions/revoke/all", handle: revokeSessionsFromAllUsers},
	{method: "GET", path: "/users/{user_id}/sessions", handle: getSessions},
	{method: "POST", path: "/users/{user_id}/sessions/revoke", handle: revokeSession},
	{method: "POST", path: "/users/{user_id}/sessions/revoke/all", handle: revokeAllSessions},
}

var systemRoutes = []route{
	{method: "GET", path: "/system/ping", access: open, handle: ping},
	{method: "GET", path: "/config", handle: getConfig},
	{method: "PUT", path: "/config/patch", handle: patchConfig},
	{method: "GET", path: "/config/client", access: open, handle: getClientConfig, terms: true},
	{method: "GET", path: "/license/client", access: open, handle: getClientLicense, terms: true},
	{method: "GET", path: "/audits", handle: getAudits},
	{method: "GET", path: "/openapi.json", access: open, handle: getOpenAPI},
}
