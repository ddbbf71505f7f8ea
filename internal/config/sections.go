package config

// TeamSettings is about sign-up, teams, and how users find and name each other.
type TeamSettings struct {
	SiteName                         string   `default:"Muster" max:"30" desc:"Name of the site on pages and in mails."`
	EnableUserCreation               bool     `default:"true" desc:"Allow sign-up. Administrators can always create accounts."`
	EnableOpenServer                 bool     `default:"false" desc:"Allow sign-up without an invitation."`
	RestrictCreationToDomains        string   `default:"" desc:"Only allow email addresses in these domains, separated by commas or spaces; empty for all."`
	EnableUserDeactivation           bool     `default:"false" desc:"Let users deactivate their own account."`
	MaxUsersPerTeam                  int      `default:"50" min:"1" max:"10000000" desc:"Maximum active members of a team."`
	MaxInvitationsPerDay             int      `default:"200" min:"80" max:"1000000" desc:"Maximum invitations that one user can mail in 24 hours; a quarter of them within an hour. A team can be sent twice as many. Administrators can send ten times as many, which don't count for the team."`
	ExperimentalDefaultChannels      []string `default:"" desc:"Names of the channels that new team members join, besides town-square and off-topic."`
	ExperimentalViewArchivedChannels bool     `default:"true" desc:"Let users list the members of archived channels."`
	RestrictDirectMessage            string   `default:"any" oneof:"any,team" desc:"Who can be found for direct messages: everybody, or members of the same teams."`
	TeammateNameDisplay              string   `default:"username" oneof:"username,nickname_full_name,full_name" desc:"How clients display names until users choose for themselves."`
	EnableJoinLeaveMessageByDefault  bool     `default:"true" is:"unsupported" desc:"For clients only: Muster has no posts."`
}

// SqlSettings is about the database.
type SqlSettings struct {
	DataSource       string `default:"" format:"database" is:"secret,bootstrap" sentto:"-" desc:"URL of a PostgreSQL database; empty for SQLite in the data directory. Never use another product's database."`
	AtRestEncryptKey string `default:"" format:"key" is:"secret,bootstrap" sentto:"-" desc:"Key that encrypts secrets in the database. It must be the same on every node. If empty, the file muster.key in the data directory is used."`
}

// LogSettings is about the log, which goes to standard error.
type LogSettings struct {
	ConsoleLevel string `default:"INFO" oneof:"DEBUG,INFO,WARN,ERROR" desc:"Minimum level of log entries."`
	ConsoleJson  bool   `default:"false" is:"restart" desc:"Write log entries as JSON, one object per line, instead of text."`
}

// MetricsSettings is about the separate listener of /metrics, /healthz and /readyz.
type MetricsSettings struct {
	ListenAddress string `default:"127.0.0.1:8067" format:"optional" is:"restart" desc:"Address and port of metrics and health checks; empty to turn them off. Keep it private."`
}

// PasswordSettings is about the rules for new passwords.
type PasswordSettings struct {
	MinimumLength         int    `default:"8" min:"5" max:"72" desc:"Minimum length of new passwords."`
	Lowercase             bool   `default:"false" desc:"Require a lower-case letter in new passwords."`
	Uppercase             bool   `default:"false" desc:"Require an upper-case letter in new passwords."`
	Number                bool   `default:"false" desc:"Require a digit in new passwords."`
	Symbol                bool   `default:"false" desc:"Require a symbol in new passwords."`
	MinimumStrength       int    `default:"1" min:"0" max:"4" desc:"Minimum zxcvbn score of new passwords, from 0 (very weak) to 4 (very strong). Common passwords are always refused."`
	BreachedPasswordsFile string `default:"" max:"1024" is:"bootstrap" desc:"Path of a file of breached passwords to refuse: lines HASH:COUNT with SHA-1 hashes, sorted, as published by Pwned Passwords. It is searched on disk. Empty for none."`
	EnableForgotLink      bool   `default:"true" desc:"Show the link to password reset on the sign-in page."`
}

// FileSettings is about profile pictures and uploaded files. Where they are stored can't be changed through the API, for it is part of the
// installation, as the database is.
type FileSettings struct {
	DriverName              string `default:"local" oneof:"local,amazons3" is:"bootstrap" desc:"Where files are stored: local for the data directory, amazons3 for S3-compatible storage, which several nodes need. Existing files are not moved."`
	MaxFileSize             int64  `default:"104857600" min:"1" max:"1099511627776" desc:"Maximum size of a file, in bytes."`
	MaxProfileImageSize     int64  `default:"10485760" min:"1024" max:"104857600" desc:"Maximum size of a profile picture's file, in bytes."`
	MaxImageResolution      int64  `default:"33177600" min:"1" max:"1000000000" desc:"Maximum resolution of a picture, in pixels."`
	InitialFont             string `default:"nunito-bold.ttf" is:"unsupported" desc:"For clients only: generated pictures use a built-in font."`
	AmazonS3AccessKeyId     string `default:"" max:"256" is:"bootstrap" desc:"Access key ID. Leave it and the secret key empty on Amazon machines with an IAM role."`
	AmazonS3SecretAccessKey string `default:"" max:"256" is:"secret,bootstrap" sentto:"AmazonS3AccessKeyId,AmazonS3Endpoint,AmazonS3SSL" desc:"Secret access key."`
	AmazonS3Bucket          string `default:"" max:"255" is:"bootstrap" desc:"Bucket, which must exist. The server doesn't start without access to it."`
	AmazonS3PathPrefix      string `default:"" max:"512" is:"bootstrap" desc:"Prefix of every object name, for a shared bucket."`
	AmazonS3Region          string `default:"" max:"64" is:"bootstrap" desc:"Region of the bucket; empty to detect it."`
	AmazonS3Endpoint        string `default:"s3.amazonaws.com" max:"255" is:"bootstrap" desc:"HOST or HOST:PORT of the storage, without https://."`
	AmazonS3SSL             bool   `default:"true" is:"bootstrap" desc:"Connect with TLS. Turn it off only on a trusted network."`
}

// EmailSettings is about sign-up and sign-in with an email address, and about sending mail.
type EmailSettings struct {
	EnableSignUpWithEmail             bool   `default:"true" desc:"Allow accounts with an email address and a password."`
	EnableSignInWithEmail             bool   `default:"true" desc:"Let users sign in with their email address."`
	EnableSignInWithUsername          bool   `default:"true" desc:"Let users sign in with their username."`
	RequireEmailVerification          bool   `default:"false" desc:"Require users to verify their email address before they can sign in."`
	SendEmailNotifications            bool   `default:"true" desc:"Send mail about account activity, such as a welcome, a changed password or a new access token. Links that somebody asked for are always sent."`
	FeedbackName                      string `default:"" max:"128" desc:"Name of the sender; empty for the site's name."`
	FeedbackEmail                     string `default:"test@example.com" format:"email" desc:"Email address of the sender. The default counts as not set: then mail is from muster@ the host of SiteURL."`
	ReplyToAddress                    string `default:"test@example.com" format:"email" desc:"Email address for replies. The default counts as not set."`
	SMTPServer                        string `default:"localhost" max:"255" desc:"Host of the SMTP server. If this is empty, or this and SMTPPort have their defaults, mails are not sent but written as files to the folder mail of the data directory."`
	SMTPPort                          string `default:"10025" format:"port" desc:"Port of the SMTP server, as a string; 25 if empty."`
	SMTPServerTimeout                 int    `default:"10" min:"1" max:"3600" desc:"Time limit for sending one mail, in seconds."`
	EnableSMTPAuth                    bool   `default:"false" desc:"Authenticate to the SMTP server with SMTPUsername and SMTPPassword."`
	SMTPUsername                      string `default:"" desc:"User name for the SMTP server."`
	SMTPPassword                      string `default:"" is:"secret" sentto:"SMTPServer,SMTPPort,SMTPUsername,ConnectionSecurity,SkipServerCertificateVerification" desc:"Password for the SMTP server."`
	ConnectionSecurity                string `default:"" oneof:",TLS,STARTTLS" desc:"Encryption of the connection to the SMTP server: TLS (usually port 465), STARTTLS (usually port 587), or empty for none."`
	SkipServerCertificateVerification bool   `default:"false" desc:"Don't verify the SMTP server's certificate. For testing only."`
}

// PrivacySettings is about what users see of each other. Administrators see everything.
type PrivacySettings struct {
	ShowEmailAddress bool `default:"true" desc:"Let users see each other's email address and search by it."`
	ShowFullName     bool `default:"true" desc:"Let users see each other's first and last name and search by them."`
}

// SupportSettings is about the terms of service.
type SupportSettings struct {
	CustomTermsOfServiceEnabled            bool `default:"false" desc:"Require users to accept the terms of service."`
	CustomTermsOfServiceEnforcedInAPI      bool `default:"false" desc:"Refuse requests of API sessions that have not accepted the terms. If off, clients have to enforce them. Bots and access tokens are exempt."`
	CustomTermsOfServiceReAcceptancePeriod int  `default:"365" min:"1" max:"36500" desc:"Days after which the terms must be accepted again."`
}

// LocalizationSettings is about languages.
type LocalizationSettings struct {
	DefaultServerLocale string `default:"en" format:"locale" is:"unsupported" desc:"Default language of mails and server messages."`
	DefaultClientLocale string `default:"en" format:"locale" desc:"Language of new accounts."`
}

// GuestAccountsSettings is about guests.
type GuestAccountsSettings struct {
	Enable                           bool   `default:"false" desc:"Allow guests to be invited and to sign in."`
	AllowEmailAccounts               bool   `default:"true" desc:"Allow guests to sign in with an email address and a password, not only by single sign-on."`
	EnforceMultifactorAuthentication bool   `default:"false" desc:"Require two-step sign-in of guests, if ServiceSettings.EnforceMultifactorAuthentication is on."`
	RestrictCreationToDomains        string `default:"" desc:"Only allow guests with an email address in these domains, separated by commas or spaces; empty for all."`
}

// RateLimitSettings limits the requests and connections of a client and of a network. A network is an IPv4 address or the 64-bit prefix
// of an IPv6 address.
type RateLimitSettings struct {
	Enable           bool   `default:"true" desc:"Enable all limits of this section. The delay after failed logins stays on."`
	PerSec           int    `default:"0" min:"0" max:"1000000" desc:"Requests of any kind per second and client, averaged; 0 for no limit. The VaryBy settings define a client."`
	MaxBurst         int    `default:"100" min:"1" max:"1000000" desc:"Burst size of PerSec."`
	MemoryStoreSize  int    `default:"10000" min:"1" max:"10000000" desc:"Maximum number of clients and networks to keep counters for."`
	VaryByRemoteAddr bool   `default:"true" desc:"Count PerSec by client address."`
	VaryByUser       bool   `default:"false" desc:"Count PerSec by account."`
	VaryByHeader     string `default:"" max:"128" desc:"Count PerSec by the value of this header."`

	LoginPerMinute                   int `default:"600" min:"1" max:"1000000" desc:"Logins, sign-ups, password resets, verifications and other expensive requests without a session, per minute and network, averaged. WebSockets opened without a session are counted separately, by the same numbers."`
	LoginBurst                       int `default:"1000" min:"1" max:"1000000" desc:"Burst size of LoginPerMinute. The default lets 500 people behind one address start their day."`
	WebSocketsPerMinute              int `default:"3000" min:"1" max:"1000000" desc:"WebSockets opened per minute and network, averaged."`
	WebSocketBurst                   int `default:"4000" min:"1" max:"1000000" desc:"Burst size of WebSocketsPerMinute. The default lets 3,000 people behind one address reconnect after a restart."`
	MaxRequestsPerNetwork            int `default:"500" min:"1" max:"1000000" desc:"Maximum concurrent requests of one network."`
	MaxConnectionsPerNetwork         int `default:"5000" min:"1" max:"1000000" desc:"Maximum open connections of one network, including WebSockets. Connections of trusted proxies are not limited."`
	MaxWebSocketsPerNetwork          int `default:"4000" min:"1" max:"1000000" desc:"Maximum open WebSockets of one network."`
	MaxAnonymousWebSocketsPerNetwork int `default:"100" min:"1" max:"1000000" desc:"How many of them may be without a session."`
}

// CloudSettings is about a hosting control plane, which signs a new server's first administrator in.
type CloudSettings struct {
	CWSToken string `default:"" format:"key" is:"secret" sentto:"-" desc:"Secret with which a control plane signs one user in, once (POST /users/login/cws); empty to turn this off."`
}

// GitLabSettings is about sign-in with GitLab.
type GitLabSettings struct {
	Enable bool `default:"false" is:"unsupported" desc:"Let users sign in with GitLab."`
}

// GoogleSettings is about sign-in with Google.
type GoogleSettings struct {
	Enable bool `default:"false" is:"unsupported" desc:"Let users sign in with Google."`
}

// Office365Settings is about sign-in with Microsoft.
type Office365Settings struct {
	Enable bool `default:"false" is:"unsupported" desc:"Let users sign in with Microsoft."`
}

// OpenIdSettings is about sign-in with any OpenID Connect provider.
type OpenIdSettings struct {
	Enable bool `default:"false" is:"unsupported" desc:"Let users sign in with OpenID Connect."`
}

// LdapSettings is about sign-in with an LDAP directory.
type LdapSettings struct {
	Enable           bool   `default:"false" is:"unsupported" desc:"Let users sign in with LDAP."`
	EnableSync       bool   `default:"false" is:"unsupported" desc:"Synchronize accounts with LDAP."`
	LoginFieldName   string `default:"" max:"128" is:"unsupported" desc:"Label of the LDAP user name on the sign-in page."`
	PictureAttribute string `default:"" max:"128" desc:"LDAP attribute with the user's picture. Users can't change a picture that is synchronized."`
}

// SamlSettings is about sign-in with a SAML 2.0 identity provider.
type SamlSettings struct {
	Enable             bool `default:"false" is:"unsupported" desc:"Let users sign in with SAML."`
	Verify             bool `default:"true" is:"unsupported" desc:"Verify the identity provider's signatures."`
	EnableSyncWithLdap bool `default:"false" is:"unsupported" desc:"Synchronize accounts that sign in with SAML with LDAP."`
}

// NativeAppSettings is about installed clients.
type NativeAppSettings struct {
	AppDownloadLink string `default:"https://mattermost.com/pl/download-apps" format:"url" desc:"Page where clients send users to download an app."`
}

// PluginSettings is about server plugins.
type PluginSettings struct {
	Enable bool `default:"true" is:"unsupported" desc:"For clients only: Muster has no plugins."`
}

// ExperimentalSettings is about client certificates.
type ExperimentalSettings struct {
	ClientSideCertEnable bool   `default:"false" is:"unsupported" desc:"Use client certificates at login."`
	ClientSideCertCheck  string `default:"secondary" oneof:"primary,secondary" is:"unsupported" desc:"primary: the certificate is enough to sign in; secondary: the password is required, too."`
}
