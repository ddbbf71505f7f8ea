package api

import "muster"

var roleRoutes = []route{
	{method: "GET", path: "/roles", handle: getRoles},
	{method: "GET", path: "/roles/{role_id}", handle: getRole},
	{method: "GET", path: "/roles/name/{role_name}", handle: getRoleByName},
	{method: "POST", path: "/roles/names", handle: getRolesByNames},
	{method: "PUT", path: "/roles/{role_id}/patch", handle: patchRole},
}

func getRoles(c *call) (any, error) { return c.services.Directory.Roles(c.ctx(), c.who) }

func getRole(c *call) (any, error) {
	id, err := c.idParam("role_id")
	if err != nil {
		return nil, err
	}
	return c.services.Directory.Role(c.ctx(), id)
}

func getRoleByName(c *call) (any, error) {
	return c.services.Directory.RoleByName(c.ctx(), c.param("role_name"))
}

func getRolesByNames(c *call) (any, error) {
	names, err := c.decodeStrings()
	if err != nil {
		return nil, err
	}
	return c.services.Directory.RolesByNames(c.ctx(), names)
}

func patchRole(c *call) (any, error) {
	id, err := c.idParam("role_id")
	if err != nil {
		return nil, err
	}
	var p muster.RolePatch
	if err := c.decode(&p, muster.InvalidParam("role")); err != nil {
		return nil, err
	}
	return c.services.Directory.PatchRole(c.ctx(), c.who, id, p)
}
