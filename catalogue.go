package muster

// catalogue holds, for each error id of the protocol, the sentence that a person reads. {Name} places are filled from Error.Params.
var catalogue = map[string]string{
	"api.context.internal.app_error": "Something went wrong on the server. Try again, and give the request id to an administrator if it goes on.",
}
