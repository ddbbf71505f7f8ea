package app

import (
	"cmp"
	"context"
	"net/url"

	"muster"
	"muster/internal/config"
)

// Settings gives the settings in force, secrets masked; needs manage_system.
func (a *App) Settings(ctx context.Context, who *Caller) (*muster.Config, error) {
	if err := a.requireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	return a.Config().Masked(), nil
}

// PatchSettings changes some settings, in force at once and after a restart; needs manage_system.
// patch is a JSON object of sections. Kind Invalid names the key that is wrong.
func (a *App) PatchSettings(ctx context.Context, who *Caller, patch []byte) (*muster.Config, error) {
	if err := a.requireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	c, err := a.config.Patch(ctx, patch, a.auditSelf(who, "config patched"))
	if err != nil {
		return nil, err
	}
	if !c.GuestAccountsSettings.Enable { // whatever it was: an earlier try may not have come to its end
		if err := a.deactivateGuests(context.WithoutCancel(ctx), who); err != nil {
			return nil, err
		}
	}
	a.publish(muster.EventConfigChanged, map[string]any{"config": config.ClientConfig(c, true)}, muster.Audience{})
	return c.Masked(), nil
}

// ClientSettings is what a client is told of the settings; more of them with a sign-in.
func (a *App) ClientSettings(who *Caller) map[string]string {
	return config.ClientConfig(a.Config(), who.Session != nil)
}

// CookieScope is the path and the domain ("" for this host alone) that session cookies are for, from SiteURL.
func (a *App) CookieScope() (path, domain string) {
	c := a.Config().ServiceSettings
	site, err := url.Parse(c.SiteURL)
	if err != nil {
		return "/", ""
	}
	if c.AllowCookiesForSubdomains {
		domain = site.Hostname()
	}
	return cmp.Or(site.Path, "/"), domain
}
