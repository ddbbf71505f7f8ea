package api

import "slices"

// access determines who can call a route. Permissions are checked by the use case.
type access uint8

const (
	signedIn   access = iota // with a session
	open                     // with or without a session
	socketOnly               // on the local socket; 404 elsewhere
)

// body determines the maximum size of a request body.
type body uint8

const (
	byAccess body = iota // httpx.SmallBody on open routes, ServiceSettings.MaximumPayloadSizeBytes on others
	anyBody              // ServiceSettings.MaximumPayloadSizeBytes with a session, httpx.SmallBody without
	picture              // FileSettings.MaxProfileImageSize
	file                 // FileSettings.MaxFileSize
)

// loginLimit determines which requests count for RateLimitSettings.LoginPerMinute: those that do expensive work for anonymous clients.
type loginLimit uint8

const (
	nobody    loginLimit = iota
	anonymous            // requests without a session
	everybody            // all requests
)

// route is an entry of the route table.
type route struct {
	method      string
	path        string // below Prefix
	access      access
	handle      func(*call) (any, error)
	body        body
	limit       loginLimit
	ownAccount  bool // about the caller's account or session, so not on the local socket, where there is none
	beforeMFA   bool // allowed before a required second factor is set up
	beforeTerms bool // allowed before the terms of service are accepted; beforeMFA implies it

	params []string // names of path parameters, in order
}

// servedOn reports whether the route is served on the local socket or, if local is false, on the network.
func (r *route) servedOn(local bool) bool {
	if local {
		return !r.ownAccount
	}
	return r.access != socketOnly
}

// routes returns all routes.
func routes() []route {
	return slices.Concat(userRoutes, signInRoutes, sessionRoutes, accessTokenRoutes, mfaRoutes, botRoutes, guestRoutes, groupRoutes, termsRoutes, uploadRoutes,
		teamRoutes, channelRoutes, roleRoutes, statusRoutes, preferenceRoutes, emailRoutes, systemRoutes)
}

var userRoutes = []route{
	// Administrators who migrate accounts can send large props.
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
	{method: "GET", path: "/users/{user_id}", handle: getUser, beforeTerms: true},
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

// signInRoutes are for login, logout and recovery.
var signInRoutes = []route{
	{method: "POST", path: "/users/login", access: open, limit: everybody, handle: login, ownAccount: true},
	{method: "POST", path: "/users/login/cws", access: open, limit: everybody, handle: loginByCwsToken, ownAccount: true},
	{method: "POST", path: "/users/logout", access: open, handle: logout, ownAccount: true, beforeMFA: true},
	{method: "POST", path: "/users/password/reset/send", access: open, limit: everybody, handle: sendPasswordResetEmail},
	{method: "POST", path: "/users/password/reset", access: open, limit: everybody, handle: resetPassword},
	{method: "POST", path: "/users/email/verify/send", access: open, limit: everybody, handle: sendVerificationEmail},
	{method: "POST", path: "/users/email/verify", access: open, limit: everybody, handle: verifyUserEmail},
}

var sessionRoutes = []route{
	{method: "PUT", path: "/users/sessions/device", handle: attachDeviceID, ownAccount: true},
	{method: "POST", path: "/users/sessions/reauthenticate", handle: reauthenticate, ownAccount: true},
	{method: "POST", path: "/users/sessions/revoke/all", handle: revokeSessionsFromAllUsers},
	{method: "GET", path: "/users/{user_id}/sessions", handle: getSessions},
	{method: "POST", path: "/users/{user_id}/sessions/revoke", handle: revokeSession},
	{method: "POST", path: "/users/{user_id}/sessions/revoke/all", handle: revokeAllSessions},
}

var systemRoutes = []route{
	{method: "GET", path: "/system/ping", access: open, handle: ping},
	{method: "GET", path: "/config", handle: getConfig},
	{method: "PUT", path: "/config/patch", handle: patchConfig},
	{method: "GET", path: "/config/client", access: open, handle: getClientConfig, beforeTerms: true},
	{method: "GET", path: "/license/client", access: open, handle: getClientLicense, beforeTerms: true},
	{method: "GET", path: "/audits", handle: getAudits},
	{method: "GET", path: "/openapi.json", access: open, handle: getOpenAPI},
}
