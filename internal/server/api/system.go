package api

import (
	"encoding/json"

	"muster"
	openapi "muster/api"
)

// ping tells that the server answers; the further keys are those that clients of the reference server read.
func ping(*call) (any, error) {
	return map[string]string{
		"status": "OK", "ActiveSearchBackend": "database",
		"AndroidLatestVersion": "", "AndroidMinVersion": "", "IosLatestVersion": "", "IosMinVersion": "",
	}, nil
}

// getConfig answers with an entity tag for If-Match. It is not one of the whole answer, which files and variables change too.
func getConfig(c *call) (any, error) {
	settings, tag, err := c.services.System.Settings(c.ctx(), c.who)
	if err != nil {
		return nil, err
	}
	c.w.Header()["Etag"] = []string{tag}
	return settings, nil
}

func patchConfig(c *call) (any, error) {
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	return c.services.System.PatchSettings(c.ctx(), c.who, body, c.ifMatch())
}

func getClientConfig(c *call) (any, error) {
	if err := c.oldFormat("api.config.client.old_format.app_error"); err != nil {
		return nil, err
	}
	return c.services.System.ClientSettings(c.who), nil
}

func getClientLicense(c *call) (any, error) {
	if err := c.oldFormat("api.license.client.old_format.app_error"); err != nil {
		return nil, err
	}
	return map[string]string{"IsLicensed": "false"}, nil // nothing here takes one
}

// oldFormat holds that the one format there is was asked for by name.
func (c *call) oldFormat(missing string) error {
	switch c.query("format") {
	case "":
		return muster.E(muster.Unimplemented, missing)
	case "old":
		return nil
	}
	return muster.InvalidParam("format")
}

// getOpenAPI gives the description of everything served.
func getOpenAPI(*call) (any, error) {
	doc, err := openapi.JSON()
	return json.RawMessage(doc), err
}
