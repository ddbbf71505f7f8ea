package config

// ServiceSettings is about the server itself: where it listens, how long sessions last, what the API allows.
type ServiceSettings struct {
	ListenAddress                                     string   `default:"127.0.0.1:8065" format:"address" is:"restart" desc:"Address and port of the API. An empty host means all interfaces, port 0 any free port."`
	SiteURL                                           string   `default:"" format:"url" desc:"Public URL of the site, used in mails and for cookies. Set it behind a proxy."`
	WebsocketURL                                      string   `default:"" format:"ws" desc:"URL at which clients open their WebSocket, if not SiteURL."`
	MaximumLoginAttempts                              int      `default:"10" min:"1" max:"1000000" desc:"Consecutive failed logins after which further ones for the same name from the same network have to wait: one minute at first, twice as long after each further failure, at most one hour."`
	SessionLengthWebInHours                           int      `default:"720" min:"1" max:"876000" desc:"How long a session started in a browser lasts, in hours."`
	SessionLengthMobileInHours                        int      `default:"720" min:"1" max:"876000" desc:"How long a session on a mobile device lasts, in hours."`
	SessionLengthSSOInHours                           int      `default:"720" min:"1" max:"876000" desc:"How long a session started by single sign-on lasts, in hours."`
	SessionIdleTimeoutInMinutes                       int      `default:"43200" min:"0" max:"52560000" desc:"End sessions after this many minutes without a request; 0 for never. Only used if ExtendSessionLengthWithActivity is off."`
	ReauthenticationIntervalInMinutes                 int      `default:"15" min:"0" max:"525600" desc:"Minutes after login or re-authentication during which a session may change its account's second factor, email address and access tokens, or close the account. After that, the password or a code is required again. 0 for never."`
	SessionCacheInMinutes                             int      `default:"10" min:"0" max:"1440" is:"unsupported" desc:"Minutes for which a session may be served from memory."`
	ExtendSessionLengthWithActivity                   bool     `default:"true" desc:"Extend sessions while they are used. If off, they end after their initial length, or when idle."`
	MaximumPayloadSizeBytes                           int64    `default:"300000" min:"1024" max:"104857600" desc:"Maximum size of a JSON request body, in bytes. Larger requests fail with 413."`
	TrustedProxies                                    []string `default:"" format:"network" desc:"Addresses and networks of trusted proxies, such as 10.1.0.0/16. Only they may set the client's address and X-Forwarded-Proto. If this is empty and TrustedProxyIPHeader is set, proxies on the same machine are trusted."`
	TrustedProxyIPHeader                              []string `default:"" desc:"Headers in which trusted proxies send the client's address, in order of preference: X-Real-IP, Forwarded (RFC 7239) or another; X-Forwarded-For by default. List only headers that the proxy sets itself."`
	AllowCorsFrom                                     string   `default:"" desc:"Origins whose pages may call the API, separated by spaces; * for all."`
	AllowCookiesForSubdomains                         bool     `default:"false" desc:"Make session cookies valid on subdomains of SiteURL, too."`
	ExperimentalStrictCSRFEnforcement                 bool     `default:"false" desc:"Always require the CSRF token on requests with a cookie. If off, X-Requested-With is enough."`
	ExperimentalEnableHardenedMode                    bool     `default:"false" is:"unsupported" desc:"Reveal less to clients that are not signed in."`
	TLSStrictTransport                                bool     `default:"false" desc:"Send Strict-Transport-Security over HTTPS."`
	TLSStrictTransportMaxAge                          int64    `default:"63072000" min:"0" max:"3153600000" desc:"max-age of Strict-Transport-Security, in seconds."`
	EnableAPIUserDeletion                             bool     `default:"false" desc:"Let administrators delete accounts permanently (permanent=true)."`
	EnableUserStatuses                                bool     `default:"true" desc:"Track and show who is online, away or busy."`
	EnableCustomGroups                                bool     `default:"true" desc:"Enable custom groups, and filtering users by group."`
	EnableMultifactorAuthentication                   bool     `default:"false" desc:"Let users turn on two-step sign-in."`
	EnforceMultifactorAuthentication                  bool     `default:"false" desc:"Require two-step sign-in, if EnableMultifactorAuthentication is on. Bots and single sign-on users are exempt, and so are guests unless GuestAccountsSettings requires it of them."`
	EnableUserAccessTokens                            bool     `default:"false" desc:"Let users with permission create personal access tokens."`
	UserAccessTokenMaxLifetimeInDays                  int      `default:"0" min:"0" max:"36500" desc:"Maximum lifetime of a new access token, in days; 0 for no limit. A token created without an expiry gets this one."`
	EnableBotAccountCreation                          bool     `default:"false" desc:"Allow bots to be created."`
	DisableBotsWhenOwnerIsDeactivated                 bool     `default:"true" desc:"Deactivate a user's bots when the user is deactivated."`
	ExperimentalEnableAuthenticationTransfer          bool     `default:"true" is:"unsupported" desc:"Let users switch to another login method."`
	EnableUserTypingMessages                          bool     `default:"true" desc:"Tell other users that somebody is typing."`
	TimeBetweenUserTypingUpdatesMilliseconds          int64    `default:"5000" min:"1000" max:"600000" desc:"Minimum interval between typing notifications from a client, in milliseconds."`
	ExperimentalEnableDefaultChannelLeaveJoinMessages bool     `default:"true" is:"unsupported" desc:"For clients only: Muster has no posts."`
	EnableDeveloper                                   bool     `default:"false" desc:"Include the cause in error responses, and show developer tools in clients. For testing only."`
	EnableLocalMode                                   bool     `default:"false" is:"restart" desc:"Serve the API on a local socket that needs no sign-in."`
	LocalModeSocketLocation                           string   `default:"local.socket" max:"103" is:"restart" desc:"Path of the local socket; relative to the data directory. Other users must not be able to write to its directory."`
}
