package api

import (
	"encoding/json"

	"muster"
	openapi "muster/api"
)

// ping reports that the server is running. Clients of the reference server read the other keys.
func ping(*call) (any, error) {
	return map[string]string{
		"status": "OK", "ActiveSearchBackend": "database",
		"AndroidLatestVersion": "", "AndroidMinVersion": "", "IosLatestVersion": "", "IosMinVersion": "",
	}, nil
}

// getConfig sends an entity tag for If-Match. The tag only covers stored settings, not those of files and variables.
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
	if err := c.requireOldFormat("api.config.client.old_format.app_error"); err != nil {
		return nil, err
	}
	return c.services.System.ClientSettings(c.who), nil
}

func getClientLicense(c *call) (any, error) {
	if err := c.requireOldFormat("api.license.client.old_format.app_error"); err != nil {
		return nil, err
	}
	return map[string]string{"IsLicensed": "false"}, nil // Muster has no licenses
}

// requireOldFormat returns an error unless the query has format=old, the only format.
func (c *call) requireOldFormat(missing string) error {
	switch c.query("format") {
	case "":
		return muster.E(muster.Unimplemented, missing)
	case "old":
		return nil
	}
	return muster.InvalidParam("format")
}

// getOpenAPI returns the OpenAPI document.
func getOpenAPI(*call) (any, error) {
	doc, err := openapi.JSON()
	return json.RawMessage(doc), err
}
