package core

import (
	"cmp"
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// SiteURL is where people find the site: SiteURL or else where this server listens; without a slash at its end.
func (a *Core) SiteURL() string {
	c := a.Config().ServiceSettings
	return strings.TrimSuffix(cmp.Or(c.SiteURL, "http://"+reachable(c.ListenAddress)), "/")
}

// reachable is an address to reach a listener at: one that listens on every interface is found on this machine.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("localhost", port)
	}
	return listen
}

// SiteHost is the site's host name, for addresses of the site's own.
func (c *Core) SiteHost() string {
	site, err := url.Parse(c.SiteURL())
	if err != nil || net.ParseIP(site.Hostname()) != nil {
		return "localhost"
	}
	host, err := idna.Lookup.ToASCII(site.Hostname())
	if err != nil || host == "" {
		return "localhost"
	}
	return host
}

// PageURL is the address of a page for people.
func (c *Core) PageURL(path string, query url.Values) string {
	if len(query) == 0 {
		return c.SiteURL() + path
	}
	return c.SiteURL() + path + "?" + query.Encode()
}

// CookieScope is the path and the domain ("" for this host alone) that session cookies are for, from SiteURL.
func (a *Core) CookieScope() (path, domain string) {
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
