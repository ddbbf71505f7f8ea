package client

import (
	"context"
	"net/http"

	"muster"
)

// Roles returns all roles.
func (c *Client) Roles(ctx context.Context) ([]*muster.Role, error) {
	return get[[]*muster.Role](ctx, c, "/roles", nil)
}

// Role returns a role by its id.
func (c *Client) Role(ctx context.Context, roleID string) (*muster.Role, error) {
	return get[*muster.Role](ctx, c, route("roles", roleID), nil)
}

// RoleByName returns a role by its name.
func (c *Client) RoleByName(ctx context.Context, name string) (*muster.Role, error) {
	return get[*muster.Role](ctx, c, route("roles", "name", name), nil)
}

// RolesByNames returns the roles with these names; unknown names are left out.
func (c *Client) RolesByNames(ctx context.Context, names ...string) ([]*muster.Role, error) {
	return send[[]*muster.Role](ctx, c, http.MethodPost, "/roles/names", nil, names)
}

// PatchRole replaces a role's permissions.
func (c *Client) PatchRole(ctx context.Context, roleID string, p *muster.RolePatch) (*muster.Role, error) {
	return send[*muster.Role](ctx, c, http.MethodPut, route("roles", roleID, "patch"), nil, p)
}
