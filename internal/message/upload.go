package message

// uploadErrors are about files on their way, and about terms of service.
var uploadErrors = map[string]string{
	"api.upload.create_upload.too_large.app_error":                           "The file is larger than the server accepts. Send a smaller one.",
	"api.upload.get_upload.forbidden.app_error":                              "This upload belongs to someone else.",
	"app.upload.get.app_error":                                               "This upload doesn't exist. It may have finished, or expired after a week.",
	"app.upload.create.too_many.app_error":                                   "You have too many unfinished uploads. Finish some of them first.",
	"app.upload.create.quota.app_error":                                      "This file doesn't fit into your storage on this server. Ask an administrator for more.",
	"app.upload.upload_data.offset.app_error":                                "The offset doesn't match the upload. Ask for its current offset and continue from there.",
	"app.upload.upload_data.too_large.app_error":                             "You sent more bytes than announced, so this part was discarded. Send only what's missing.",
	"app.upload.upload_data.concurrent.app_error":                            "Another request sent data for this upload at the same time. Ask for its current offset and continue from there.",
	"app.upload.upload_data.pieces.app_error":                                "The upload has too many parts. Start a new one and send larger parts.",
	"app.file_info.get.app_error":                                            "This file doesn't exist.",
	"api.create_terms_of_service.custom_terms_of_service_disabled.app_error": "Terms of service are turned off on this server. Turn them on first.",
}
