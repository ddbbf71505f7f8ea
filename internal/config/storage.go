package config

// StorageSettings is about how much is kept, for whom and for how long (docs/adr/0019-storage-limits.md).
type StorageSettings struct {
	MaxUploadBytesPerUser       int64 `default:"10737418240" min:"0" max:"1125899906842624" desc:"Bytes of files that one account may keep, unfinished uploads included; a small file counts as 4096. 0 for no limit."`
	MaxUnfinishedUploadsPerUser int   `default:"100" min:"1" max:"100000" desc:"Uploads that one account may have under way."`
	MaxPreferencesPerUser       int   `default:"10000" min:"0" max:"10000000" desc:"Preferences that clients may keep for one account; 0 for no limit."`
	MaxAccessTokensPerUser      int   `default:"1000" min:"0" max:"10000000" desc:"Access tokens that one account may have, disabled ones included; 0 for no limit."`
	AuditRetentionDays          int   `default:"365" min:"0" max:"36500" desc:"Days after which an entry of the history is removed; 0 for never."`
	DiskReserveBytes            int64 `default:"67108864" min:"0" max:"1099511627776" is:"bootstrap" desc:"Size of the file disk.reserve in the data directory, which is given up when the disk runs full, so that people can still sign in; 0 for none."`
	DiskWarnBytes               int64 `default:"1073741824" min:"0" max:"1099511627776" is:"bootstrap" desc:"With less free than this, the disk of the data directory is warned about in the log and by /readyz."`
	DiskRefuseBytes             int64 `default:"268435456" min:"0" max:"1099511627776" is:"bootstrap" desc:"With less free than this, all that adds to the disk and is not needed to sign in is answered 507."`
}
