package message

// settingsErrors are about changes of the settings. What is wrong is mostly said by the error's Reason.
var settingsErrors = map[string]string{
	"api.admin.test_email.reenter_password":             "The saved password is only sent to the server and account it was saved for. Enter the password again to test a different one.",
	"api.config.patch_config.changed.app_error":         "Someone else changed the settings in the meantime. Reload them and make your change again.",
	"api.config.patch_config.not_available.app_error":   "{Name} isn't available here. Leave it at its default.",
	"api.config.patch_config.reenter_secret.app_error":  "{Name} is only sent to the server it was entered for. Enter it again to send it to a different one.",
	"api.config.patch_config.unknown_setting.app_error": "There's no setting {Name}. Correct the name and try again.",
}
