package config

// ServiceSettings is about the server itself: where it listens, how long sessions live, what the API allows.
type ServiceSettings struct {
	ListenAddress                                     string   `default:"127.0.0.1:8065" format:"address" is:"restart" desc:"Address and port of the API. An empty host means every interface, port 0 any free port."`
	SiteURL                                           string   `default:"" format:"url" desc:"The address that people use, as mails and cookies name it. Set it behind a proxy."`
	WebsocketURL                                      string   `default:"" format:"ws" desc:"Where clients open their WebSocket, if not at SiteURL."`
	MaximumLoginAttempts                              int      `default:"10" min:"1" max:"1000000" desc:"Wrong passwords or codes in a row after which a name has to wait in the network that they came from: a minute, then twice as long after each further one, at most an hour."`
	SessionLengthWebInHours                           int      `default:"720" min:"1" max:"876000" desc:"Life of a session that began in a browser, in hours."`
	SessionLengthMobileInHours                        int      `default:"720" min:"1" max:"876000" desc:"Life of a session of a mobile device, in hours."`
	SessionLengthSSOInHours                           int      `default:"720" min:"1" max:"876000" desc:"Life of a session that began at another sign-in service, in hours."`
	SessionIdleTimeoutInMinutes                       int      `default:"43200" min:"0" max:"52560000" desc:"Minutes without a request after which a session ends; 0 never. Read only while ExtendSessionLengthWithActivity is off."`
	ReauthenticationIntervalInMinutes                 int      `default:"15" min:"0" max:"525600" desc:"Minutes after sign-in, or after the password or code was last given, during which a session may change what guards the account: its second factor, email address and access tokens, or close it. Afterwards the password or code is asked for again; 0 never asks."`
	SessionCacheInMinutes                             int      `default:"10" min:"0" max:"1440" is:"later" desc:"Minutes for which a session may be served from memory."`
	ExtendSessionLengthWithActivity                   bool     `default:"true" desc:"A session that is used lives on; otherwise it ends at its first length, or when idle."`
	MaximumPayloadSizeBytes                           int64    `default:"300000" min:"1024" max:"104857600" desc:"Largest JSON body of a request, in bytes; a larger one is answered 413."`
	TrustedProxies                                    []string `default:"" format:"network" desc:"Networks, such as 10.1.0.0/16, and addresses of the proxies before this server. Only what comes from one of them may name the client's address and say that the client speaks TLS. While this is empty and TrustedProxyIPHeader is not, that is a proxy on this machine."`
	TrustedProxyIPHeader                              []string `default:"" desc:"Headers, best first, in which a trusted proxy names the client's address: X-Forwarded-For unless set, X-Real-IP, Forwarded (RFC 7239) or another. Name only headers that the proxy sets itself."`
	AllowCorsFrom                                     string   `default:"" desc:"Origins, separated by spaces, whose pages may call the API; * for all."`
	AllowCookiesForSubdomains                         bool     `default:"false" desc:"Session cookies are valid on the subdomains of SiteURL too."`
	ExperimentalStrictCSRFEnforcement                 bool     `default:"false" desc:"A request with a cookie always needs its CSRF token; without this, X-Requested-With alone lets it pass."`
	ExperimentalEnableHardenedMode                    bool     `default:"false" is:"later" desc:"Answers tell strangers less, at the price of some comfort."`
	TLSStrictTransport                                bool     `default:"false" desc:"Answers over TLS tell browsers to come back over TLS only."`
	TLSStrictTransportMaxAge                          int64    `default:"63072000" min:"0" max:"3153600000" desc:"For how long browsers remember TLSStrictTransport, in seconds."`
	EnableAPIUserDeletion                             bool     `default:"false" desc:"Administrators may delete accounts for good with permanent=true."`
	EnableUserStatuses                                bool     `default:"true" desc:"Keep and show who is online, away or busy."`
	EnableCustomGroups                                bool     `default:"true" desc:"There are custom groups, and people may be listed and searched by them."`
	EnableMultifactorAuthentication                   bool     `default:"false" desc:"Accounts may ask for a one-time code at sign-in."`
	EnforceMultifactorAuthentication                  bool     `default:"false" desc:"People must use a one-time code, where EnableMultifactorAuthentication is on; not bots, nor who signs in elsewhere, nor guests unless GuestAccountsSettings says so."`
	EnableUserAccessTokens                            bool     `default:"false" desc:"Accounts with the right may create personal access tokens."`
	UserAccessTokenMaxLifetimeInDays                  int      `default:"0" min:"0" max:"36500" desc:"Longest life of a new access token, in days; 0 for no limit. A token that names no end then gets this one."`
	EnableBotAccountCreation                          bool     `default:"false" desc:"Bots may be created."`
	DisableBotsWhenOwnerIsDeactivated                 bool     `default:"true" desc:"Deactivating an account deactivates its bots."`
	ExperimentalEnableAuthenticationTransfer          bool     `default:"true" is:"later" desc:"People may move their account to another way of signing in."`
	EnableUserTypingMessages                          bool     `default:"true" desc:"Tell others that somebody is typing."`
	TimeBetweenUserTypingUpdatesMilliseconds          int64    `default:"5000" min:"1000" max:"600000" desc:"Clients send typing notices at most this often, in milliseconds."`
	ExperimentalEnableDefaultChannelLeaveJoinMessages bool     `default:"true" is:"later" desc:"Kept for clients: Muster has no posts."`
	EnableDeveloper                                   bool     `default:"false" desc:"Refusals name their cause in the answer, and clients show their developers' tools. For trials only."`
	EnableLocalMode                                   bool     `default:"false" is:"restart" desc:"Serve the API without sign-in on a local socket."`
	LocalModeSocketLocation                           string   `default:"local.socket" max:"103" is:"restart" desc:"Path of that socket; a relative one is below the data directory. Others must not be able to write to its directory."`
}
