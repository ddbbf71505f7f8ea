package message

// settingsErrors are about changes of the settings. What is wrong is mostly said by the error's Reason.
var settingsErrors = map[string]string{
	"api.admin.test_email.reenter_password":             "The kept password is only sent to the server and account that it was kept for. Give the password again to try another.",
	"api.config.patch_config.changed.app_error":         "Somebody else changed the settings in the meantime. Load them again and repeat your change.",
	"api.config.patch_config.not_available.app_error":   "{Name} is not available here. Leave it at its default.",
	"api.config.patch_config.reenter_secret.app_error":  "{Name} is only sent where it was given for. Give it again to send it elsewhere.",
	"api.config.patch_config.unknown_setting.app_error": "There is no setting {Name}. Correct the name and send the change again.",
}
