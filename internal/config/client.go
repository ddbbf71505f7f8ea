package config

import (
	"fmt"
	"maps"
	"strings"
)

// ReferenceVersion is the version of the reference server whose API Muster implements. Clients enable features by it.
const ReferenceVersion = "9.9.0"

// ClientConfig returns the settings that clients need, as strings under the reference server's flat names
// (GET /config/client?format=old). Unless signedIn is set, it returns only those needed to sign in.
func ClientConfig(c *Config, signedIn bool) map[string]string {
	values := publicSettings(c)
	if signedIn {
		maps.Copy(values, signedInSettings(c))
	}
	texts := make(map[string]string, len(values))
	for name, v := range values {
		texts[name] = fmt.Sprint(v)
	}
	return texts
}

func publicSettings(c *Config) map[string]any {
	service, team, mail, password := &c.ServiceSettings, &c.TeamSettings, &c.EmailSettings, &c.PasswordSettings
	return map[string]any{
		"Version":              ReferenceVersion,
		"BuildNumber":          "muster",
		"BuildDate":            "",
		"BuildHash":            "",
		"BuildHashEnterprise":  "",
		"BuildEnterpriseReady": true, // clients hide directories, guests and groups without it

		"SiteName":            team.SiteName,
		"SiteURL":             strings.TrimRight(service.SiteURL, "/"),
		"WebsocketURL":        strings.TrimRight(service.WebsocketURL, "/"),
		"DefaultClientLocale": c.LocalizationSettings.DefaultClientLocale,
		"AppDownloadLink":     c.NativeAppSettings.AppDownloadLink,

		"EnableUserCreation":                            team.EnableUserCreation,
		"EnableOpenServer":                              team.EnableOpenServer,
		"EnableSignUpWithEmail":                         mail.EnableSignUpWithEmail,
		"EnableSignInWithEmail":                         mail.EnableSignInWithEmail,
		"EnableSignInWithUsername":                      mail.EnableSignInWithUsername,
		"EnableSignUpWithGitLab":                        c.GitLabSettings.Enable,
		"EnableSignUpWithGoogle":                        c.GoogleSettings.Enable,
		"EnableSignUpWithOffice365":                     c.Office365Settings.Enable,
		"EnableSignUpWithOpenId":                        c.OpenIdSettings.Enable,
		"EnableLdap":                                    c.LdapSettings.Enable,
		"LdapLoginFieldName":                            c.LdapSettings.LoginFieldName,
		"EnableSaml":                                    c.SamlSettings.Enable,
		"EnableGuestAccounts":                           c.GuestAccountsSettings.Enable,
		"EnableBotAccountCreation":                      service.EnableBotAccountCreation,
		"EnableMultifactorAuthentication":               service.EnableMultifactorAuthentication,
		"EnforceMultifactorAuthentication":              service.EnforceMultifactorAuthentication,
		"GuestAccountsEnforceMultifactorAuthentication": c.GuestAccountsSettings.EnforceMultifactorAuthentication,

		"PasswordMinimumLength":    password.MinimumLength,
		"PasswordRequireLowercase": password.Lowercase,
		"PasswordRequireUppercase": password.Uppercase,
		"PasswordRequireNumber":    password.Number,
		"PasswordRequireSymbol":    password.Symbol,
		"PasswordEnableForgotLink": password.EnableForgotLink,

		"EnableCustomBrand": false,
		"HasImageProxy":     false,
	}
}

func signedInSettings(c *Config) map[string]any {
	service, team, support := &c.ServiceSettings, &c.TeamSettings, &c.SupportSettings
	return map[string]any{
		"EnableUserAccessTokens":                            service.EnableUserAccessTokens,
		"EnableCustomGroups":                                service.EnableCustomGroups,
		"EnableDeveloper":                                   service.EnableDeveloper,
		"EnableUserStatuses":                                service.EnableUserStatuses,
		"EnableUserTypingMessages":                          service.EnableUserTypingMessages,
		"TimeBetweenUserTypingUpdatesMilliseconds":          service.TimeBetweenUserTypingUpdatesMilliseconds,
		"ExtendSessionLengthWithActivity":                   service.ExtendSessionLengthWithActivity,
		"ExperimentalEnableAuthenticationTransfer":          service.ExperimentalEnableAuthenticationTransfer,
		"ExperimentalEnableDefaultChannelLeaveJoinMessages": service.ExperimentalEnableDefaultChannelLeaveJoinMessages,

		"EnableUserDeactivation":           team.EnableUserDeactivation,
		"EnableJoinLeaveMessageByDefault":  team.EnableJoinLeaveMessageByDefault,
		"ExperimentalViewArchivedChannels": team.ExperimentalViewArchivedChannels,
		"RestrictDirectMessage":            team.RestrictDirectMessage,
		"TeammateNameDisplay":              team.TeammateNameDisplay,

		"EnableCustomTermsOfService":             support.CustomTermsOfServiceEnabled,
		"CustomTermsOfServiceReAcceptancePeriod": support.CustomTermsOfServiceReAcceptancePeriod,

		"RequireEmailVerification": c.EmailSettings.RequireEmailVerification,
		"SendEmailNotifications":   c.EmailSettings.SendEmailNotifications,
		"ShowEmailAddress":         c.PrivacySettings.ShowEmailAddress,
		"ShowFullName":             c.PrivacySettings.ShowFullName,
		"MaxFileSize":              c.FileSettings.MaxFileSize,
		"LdapPictureAttributeSet":  c.LdapSettings.PictureAttribute != "",
		"PluginsEnabled":           false,

		"ExperimentalClientSideCertEnable": c.ExperimentalSettings.ClientSideCertEnable,
		"ExperimentalClientSideCertCheck":  c.ExperimentalSettings.ClientSideCertCheck,
	}
}
