package config

// TeamSettings is about who may join, and how people find and name each other.
type TeamSettings struct {
	SiteName                         string   `default:"Muster" max:"30" desc:"Name of the site on pages and in mails."`
	EnableUserCreation               bool     `default:"true" desc:"Accounts may be created at all, other than by an administrator."`
	EnableOpenServer                 bool     `default:"false" desc:"Anybody may create an account, without an invitation."`
	RestrictCreationToDomains        string   `default:"" desc:"Mail domains, separated by commas or spaces, that accounts must belong to; empty for all."`
	EnableUserDeactivation           bool     `default:"false" desc:"People may deactivate their own account."`
	MaxUsersPerTeam                  int      `default:"50" min:"1" max:"10000000" desc:"Most active members of one team."`
	MaxInvitationsPerDay             int      `default:"200" min:"80" max:"1000000" desc:"Most invitations by mail that one person sends in 24 hours; a quarter of them in one hour. Twice as many go to one team. An administrator may send ten times as many, which do not count for the team."`
	ExperimentalDefaultChannels      []string `default:"" desc:"Names of the channels that a new team member joins, besides town-square and off-topic."`
	ExperimentalViewArchivedChannels bool     `default:"true" desc:"Members of archived channels may still be listed."`
	RestrictDirectMessage            string   `default:"any" oneof:"any,team" desc:"Whom clients offer for a direct message: everybody, or those of the same teams."`
	TeammateNameDisplay              string   `default:"username" oneof:"username,nickname_full_name,full_name" desc:"How clients name people until they choose for themselves."`
	EnableJoinLeaveMessageByDefault  bool     `default:"true" is:"later" desc:"Kept for clients: Muster has no posts."`
}

// SqlSettings is about the database.
type SqlSettings struct {
	DataSource       string `default:"" format:"database" is:"secret,bootstrap" sentto:"-" desc:"A PostgreSQL database; empty for SQLite in the data directory. Never point it at another product's database."`
	AtRestEncryptKey string `default:"" format:"key" is:"secret,bootstrap" sentto:"-" desc:"Secret, of 32 characters or more, that secrets in the database are encrypted with. Every node needs the same; empty for the file muster.key in the data directory."`
}

// LogSettings is about the log, which goes to standard error.
type LogSettings struct {
	ConsoleLevel string `default:"INFO" oneof:"DEBUG,INFO,WARN,ERROR" desc:"The least severe entries that are written."`
	ConsoleJson  bool   `default:"false" is:"restart" desc:"One JSON object for each entry, for a collector; otherwise text for people."`
}

// MetricsSettings is about the separate listener of /metrics, /healthz and /readyz.
type MetricsSettings struct {
	ListenAddress string `default:"127.0.0.1:8067" format:"optional" is:"restart" desc:"Address and port of metrics and health; empty turns that listener off. Keep it private."`
}

// PasswordSettings is about what a new password must hold.
type PasswordSettings struct {
	MinimumLength         int    `default:"8" min:"5" max:"72" desc:"Fewest characters of a new password."`
	Lowercase             bool   `default:"false" desc:"A new password needs a lower-case letter."`
	Uppercase             bool   `default:"false" desc:"A new password needs an upper-case letter."`
	Number                bool   `default:"false" desc:"A new password needs a digit."`
	Symbol                bool   `default:"false" desc:"A new password needs a symbol."`
	MinimumStrength       int    `default:"1" min:"0" max:"4" desc:"Lowest score of a new password, as zxcvbn estimates how hard it is to guess: from 0, among the first thousand guesses, to 4. Common passwords are refused in any case."`
	BreachedPasswordsFile string `default:"" max:"1024" is:"bootstrap" desc:"Path of a file of breached passwords, which new ones must not be: lines HASH:COUNT with SHA-1 hashes, in their order, as Pwned Passwords offers it. It is searched on disk. Empty for none."`
	EnableForgotLink      bool   `default:"true" desc:"The sign-in page links to password reset."`
}

// FileSettings is about files: profile images and what members upload. Where they are kept belongs to the installation, like the database
// does, so that is not set through the API.
type FileSettings struct {
	DriverName              string `default:"local" oneof:"local,amazons3" is:"bootstrap" desc:"Where files are kept: local for the data directory, amazons3 for storage that speaks S3, which several nodes need. Files that are there already stay where they are."`
	MaxFileSize             int64  `default:"104857600" min:"1" max:"1099511627776" desc:"Largest file that is accepted, in bytes."`
	MaxProfileImageSize     int64  `default:"10485760" min:"1024" max:"104857600" desc:"Largest file of a profile picture that is accepted, in bytes."`
	MaxImageResolution      int64  `default:"33177600" min:"1" max:"1000000000" desc:"Largest image that is accepted, in pixels."`
	InitialFont             string `default:"nunito-bold.ttf" is:"later" desc:"Kept for clients: drawn pictures use the built-in letters."`
	AmazonS3AccessKeyId     string `default:"" max:"256" is:"bootstrap" desc:"Id of the access key there. Leave it and its secret empty on Amazon's machines that have a role."`
	AmazonS3SecretAccessKey string `default:"" max:"256" is:"secret,bootstrap" sentto:"AmazonS3AccessKeyId,AmazonS3Endpoint,AmazonS3SSL" desc:"Secret of that key."`
	AmazonS3Bucket          string `default:"" max:"255" is:"bootstrap" desc:"Bucket there, which must exist. The start fails if it does not answer."`
	AmazonS3PathPrefix      string `default:"" max:"512" is:"bootstrap" desc:"Put before the name of every file there, for a bucket that others use too."`
	AmazonS3Region          string `default:"" max:"64" is:"bootstrap" desc:"Region of the bucket; empty to ask the storage for it."`
	AmazonS3Endpoint        string `default:"s3.amazonaws.com" max:"255" is:"bootstrap" desc:"HOST or HOST:PORT of the storage, without https://."`
	AmazonS3SSL             bool   `default:"true" is:"bootstrap" desc:"Speak TLS with it. Turn it off only where nobody else is on the line."`
}

// EmailSettings is about signing up and in with an address, and about sending mail.
type EmailSettings struct {
	EnableSignUpWithEmail             bool   `default:"true" desc:"Accounts may be created with an address and a password."`
	EnableSignInWithEmail             bool   `default:"true" desc:"People may sign in with their address."`
	EnableSignInWithUsername          bool   `default:"true" desc:"People may sign in with their username."`
	RequireEmailVerification          bool   `default:"false" desc:"An address must be verified before its account can sign in."`
	SendEmailNotifications            bool   `default:"true" desc:"Send mail about what happens to an account: welcome, a changed password, a new access token and so on. Links that somebody asked for are mailed in any case."`
	FeedbackName                      string `default:"" max:"128" desc:"Sender's name; empty for the site's."`
	FeedbackEmail                     string `default:"test@example.com" format:"email" desc:"Sender's address. The default stands for none: muster@ the host of SiteURL."`
	ReplyToAddress                    string `default:"test@example.com" format:"email" desc:"Address for replies. The default stands for none."`
	SMTPServer                        string `default:"localhost" max:"255" desc:"Host that takes outgoing mail. While it is empty, or this and SMTPPort have their defaults, there is none: mails are written as files to the folder mail of the data directory."`
	SMTPPort                          string `default:"10025" format:"port" desc:"Its port, as a string; 25 if empty."`
	SMTPServerTimeout                 int    `default:"10" min:"1" max:"3600" desc:"Seconds that sending one mail may take."`
	EnableSMTPAuth                    bool   `default:"false" desc:"Sign in there with SMTPUsername and SMTPPassword."`
	SMTPUsername                      string `default:"" desc:"Name for that."`
	SMTPPassword                      string `default:"" is:"secret" sentto:"SMTPServer,SMTPPort,SMTPUsername,ConnectionSecurity,SkipServerCertificateVerification" desc:"Password for that."`
	ConnectionSecurity                string `default:"" oneof:",TLS,STARTTLS" desc:"How that connection is protected: TLS from the start (mostly port 465), STARTTLS (mostly port 587), or empty for not at all."`
	SkipServerCertificateVerification bool   `default:"false" desc:"Take any certificate there. For trials only."`
}

// PrivacySettings is about what people see of each other; administrators see everything.
type PrivacySettings struct {
	ShowEmailAddress bool `default:"true" desc:"People see each other's address, and find each other by it."`
	ShowFullName     bool `default:"true" desc:"People see each other's first and last name, and find each other by them."`
}

// SupportSettings is about the terms of service.
type SupportSettings struct {
	CustomTermsOfServiceEnabled            bool `default:"false" desc:"People must accept the site's terms of service."`
	CustomTermsOfServiceEnforcedInAPI      bool `default:"false" desc:"Where they must, a session that was begun by the API may do nothing before: otherwise that is for clients to see to. Bots and access tokens are not asked."`
	CustomTermsOfServiceReAcceptancePeriod int  `default:"365" min:"1" max:"36500" desc:"Days after which they must accept them anew."`
}

// LocalizationSettings is about languages.
type LocalizationSettings struct {
	DefaultServerLocale string `default:"en" format:"locale" is:"later" desc:"Language of mails and messages to nobody in particular."`
	DefaultClientLocale string `default:"en" format:"locale" desc:"Language of a new account."`
}

// GuestAccountsSettings is about guests.
type GuestAccountsSettings struct {
	Enable                           bool   `default:"false" desc:"Guests may be invited and may sign in."`
	AllowEmailAccounts               bool   `default:"true" desc:"Guests may have an address and a password here, rather than sign in elsewhere."`
	EnforceMultifactorAuthentication bool   `default:"false" desc:"Guests must use a one-time code, where ServiceSettings.EnforceMultifactorAuthentication asks for one."`
	RestrictCreationToDomains        string `default:"" desc:"Mail domains, separated by commas or spaces, that guests must belong to; empty for all."`
}

// RateLimitSettings is about how much one client, and all that is behind one network, may ask for. A network is an IPv4 address or the
// 64-bit prefix of an IPv6 address.
type RateLimitSettings struct {
	Enable           bool   `default:"true" desc:"Limit what one network gets: all limits of this section. An account's own lock stays when this is off."`
	PerSec           int    `default:"0" min:"0" max:"1000000" desc:"Requests of any kind a second in the long run, for each client by the VaryBy settings; 0 for no such limit."`
	MaxBurst         int    `default:"100" min:"1" max:"1000000" desc:"Requests at once, where PerSec limits them."`
	MemoryStoreSize  int    `default:"10000" min:"1" max:"10000000" desc:"Clients and networks whose requests are remembered."`
	VaryByRemoteAddr bool   `default:"true" desc:"PerSec counts by the client's address."`
	VaryByUser       bool   `default:"false" desc:"PerSec counts by account."`
	VaryByHeader     string `default:"" max:"128" desc:"PerSec counts by the value of this header."`

	LoginPerMinute                   int `default:"600" min:"1" max:"1000000" desc:"Sign-ins, sign-ups, password resets, verifications and whatever else needs no session but costs work, a minute in the long run, for each network. WebSockets opened without a session are counted apart, by the same numbers."`
	LoginBurst                       int `default:"1000" min:"1" max:"1000000" desc:"How many of these at once. The default lets 500 people behind one address start their day."`
	WebSocketsPerMinute              int `default:"3000" min:"1" max:"1000000" desc:"WebSockets opened a minute in the long run, for each network."`
	WebSocketBurst                   int `default:"4000" min:"1" max:"1000000" desc:"How many of these at once. The default lets 3,000 people behind one address come back after a restart."`
	MaxRequestsPerNetwork            int `default:"500" min:"1" max:"1000000" desc:"Requests of one network that are being answered at the same time."`
	MaxConnectionsPerNetwork         int `default:"5000" min:"1" max:"1000000" desc:"Open connections of one network, WebSockets among them. Those of trusted proxies are not limited."`
	MaxWebSocketsPerNetwork          int `default:"4000" min:"1" max:"1000000" desc:"Open WebSockets of one network."`
	MaxAnonymousWebSocketsPerNetwork int `default:"100" min:"1" max:"1000000" desc:"How many of these nobody has signed in on yet."`
}

// CloudSettings is about a hosting control plane that hands a new server over to its first administrator.
type CloudSettings struct {
	CWSToken string `default:"" format:"key" is:"secret" sentto:"-" desc:"Secret, of 32 characters or more, by which the control plane signs somebody in, once (POST /users/login/cws); empty turns that off."`
}

// GitLabSettings is about signing in at GitLab.
type GitLabSettings struct {
	Enable bool `default:"false" is:"later" desc:"People may sign in with GitLab."`
}

// GoogleSettings is about signing in at Google.
type GoogleSettings struct {
	Enable bool `default:"false" is:"later" desc:"People may sign in with Google."`
}

// Office365Settings is about signing in at Microsoft.
type Office365Settings struct {
	Enable bool `default:"false" is:"later" desc:"People may sign in with Microsoft."`
}

// OpenIdSettings is about signing in at any OpenID Connect provider.
type OpenIdSettings struct {
	Enable bool `default:"false" is:"later" desc:"People may sign in with OpenID Connect."`
}

// LdapSettings is about a directory server.
type LdapSettings struct {
	Enable           bool   `default:"false" is:"later" desc:"People of the directory may sign in."`
	EnableSync       bool   `default:"false" is:"later" desc:"Accounts follow the directory."`
	LoginFieldName   string `default:"" max:"128" is:"later" desc:"What the sign-in page calls the directory's user name."`
	PictureAttribute string `default:"" max:"128" desc:"Attribute that holds a picture; people whose picture comes from there cannot change it."`
}

// SamlSettings is about a SAML 2.0 identity provider.
type SamlSettings struct {
	Enable             bool `default:"false" is:"later" desc:"People may sign in with SAML."`
	Verify             bool `default:"true" is:"later" desc:"Check the provider's signatures."`
	EnableSyncWithLdap bool `default:"false" is:"later" desc:"Accounts that sign in with SAML follow the directory."`
}

// NativeAppSettings is about clients that people install.
type NativeAppSettings struct {
	AppDownloadLink string `default:"https://mattermost.com/pl/download-apps" format:"url" desc:"Where clients send people for an app."`
}

// PluginSettings is about server plugins.
type PluginSettings struct {
	Enable bool `default:"true" is:"later" desc:"Kept for clients: Muster has no plugins."`
}

// ExperimentalSettings is about client certificates.
type ExperimentalSettings struct {
	ClientSideCertEnable bool   `default:"false" is:"later" desc:"Sign-in takes a client certificate into account."`
	ClientSideCertCheck  string `default:"secondary" oneof:"primary,secondary" is:"later" desc:"The certificate alone signs in, or comes on top of the password."`
}
