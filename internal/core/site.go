package core

import (
	"cmp"
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// SiteURL returns the site's address without a trailing slash: the setting, or else the address that this server listens on.
func (c *Core) SiteURL() string {
	service := c.Config().ServiceSettings
	return strings.TrimSuffix(cmp.Or(service.SiteURL, "http://"+reachable(service.ListenAddress)), "/")
}

// reachable returns an address at which a listener can be reached: localhost for one that listens on all interfaces.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("localhost", port)
	}
	return listen
}

// SiteHost returns the site's host name, for the site's own email addresses.
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

// PageURL returns the address of a web page.
func (c *Core) PageURL(path string, query url.Values) string {
	if len(query) == 0 {
		return c.SiteURL() + path
	}
	return c.SiteURL() + path + "?" + query.Encode()
}

// CookieScope returns the path and the domain ("" for this host only) of session cookies, from the setting SiteURL.
func (c *Core) CookieScope() (path, domain string) {
	service := c.Config().ServiceSettings
	site, err := url.Parse(service.SiteURL)
	if err != nil {
		return "/", ""
	}
	if service.AllowCookiesForSubdomains {
		domain = site.Hostname()
	}
	return cmp.Or(site.Path, "/"), domain
}
