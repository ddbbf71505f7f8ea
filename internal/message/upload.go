package message

// uploadErrors are about files on their way, and about terms of service.
var uploadErrors = map[string]string{
	"api.upload.create_upload.too_large.app_error":                           "The file is larger than the server accepts. Send a smaller one.",
	"api.upload.get_upload.forbidden.app_error":                              "This upload is somebody else's.",
	"app.upload.get.app_error":                                               "There is no such upload under way. It may have finished, or have been given up after a week.",
	"app.upload.create.too_many.app_error":                                   "You have too many unfinished uploads. Finish some of them first.",
	"app.upload.create.quota.app_error":                                      "This file does not fit into the space that you may use on this server. Ask an administrator for more.",
	"app.upload.upload_data.offset.app_error":                                "The upload stands elsewhere. Ask how far it has come and go on from there.",
	"app.upload.upload_data.too_large.app_error":                             "More bytes came than were announced. Nothing of this piece was kept; send what is missing.",
	"app.upload.upload_data.concurrent.app_error":                            "Another request sent bytes of this upload at the same time. Ask how far it has come and go on from there.",
	"app.upload.upload_data.pieces.app_error":                                "The file came in too many pieces. Announce it again and send larger ones.",
	"app.file_info.get.app_error":                                            "There is no such file.",
	"api.create_terms_of_service.custom_terms_of_service_disabled.app_error": "Terms of service are turned off on this server. Turn them on first.",
}
