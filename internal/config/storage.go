package config

// StorageSettings limits what is stored, per account and on disk (docs/adr/0019-storage-limits.md).
type StorageSettings struct {
	MaxUploadBytesPerUser       int64 `default:"10737418240" min:"0" max:"1125899906842624" desc:"Maximum bytes of files per account, unfinished uploads included; a small file counts as 4096. 0 for no limit."`
	MaxUnfinishedUploadsPerUser int   `default:"100" min:"1" max:"100000" desc:"Maximum unfinished uploads per account."`
	MaxPreferencesPerUser       int   `default:"10000" min:"0" max:"10000000" desc:"Maximum preferences per account; 0 for no limit."`
	MaxAccessTokensPerUser      int   `default:"1000" min:"0" max:"10000000" desc:"Maximum access tokens per account, disabled ones included; 0 for no limit."`
	AuditRetentionDays          int   `default:"365" min:"0" max:"36500" desc:"Days after which entries of the audit log are removed; 0 for never."`
	DiskReserveBytes            int64 `default:"67108864" min:"0" max:"1099511627776" is:"bootstrap" desc:"Size of the file disk.reserve in the data directory, which is released when the disk is full so that users can still sign in; 0 for none."`
	DiskWarnBytes               int64 `default:"1073741824" min:"0" max:"1099511627776" is:"bootstrap" desc:"Below this much free space on the data directory's disk, the log and /readyz warn."`
	DiskRefuseBytes             int64 `default:"268435456" min:"0" max:"1099511627776" is:"bootstrap" desc:"Below this much free space, operations that add data and are not needed to sign in fail with 507."`
}
