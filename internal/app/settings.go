package app

import (
	"cmp"
	"context"
	"net/url"

	"muster"
	"muster/internal/config"
)

// Settings returns the settings in force, secrets masked, with the entity tag that a change of them can name; needs manage_system.
func (a *App) Settings(ctx context.Context, who *Caller) (c *config.Config, tag string, err error) {
	if err := a.requireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, "", err
	}
	if err := a.config.Refresh(ctx); err != nil {
		return nil, "", err
	}
	c, tag = a.config.Tagged()
	return c.Masked(), tag, nil
}

// PatchSettings changes some settings, in force at once and after a restart; needs manage_system.
// patch is a JSON object of sections, ifMatch the entity tags of which one must be that of the settings, none for any. Kind Invalid says what is
// wrong, kind Conflict that somebody else was faster.
func (a *App) PatchSettings(ctx context.Context, who *Caller, patch []byte, ifMatch []string) (*config.Config, error) {
	if err := a.requireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	c, err := a.config.Patch(ctx, config.Patch{Body: patch, IfMatch: ifMatch, Audit: func(changes []config.Change) *muster.Audit {
		return a.auditSelf(who, config.Describe(changes))
	}})
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
