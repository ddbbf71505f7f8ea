package ws

import (
	"net/http"
	"net/url"
	"strings"
)

// origin says how far the page that asks for a WebSocket is trusted. It matters because a browser sends cookies whichever page asks.
type origin uint8

const (
	originForbidden origin = iota
	originWildcard         // allowed only because the settings allow every origin
	originTrusted          // no page at all, a page of this server, or one of an origin that the settings name
)

// originOf compares the Origin header with the Host header, the host of SiteURL (behind a proxy the two differ) and AllowCorsFrom.
func (h *Hub) originOf(r *http.Request) origin {
	name := r.Header.Get("Origin")
	if name == "" {
		return originTrusted
	}
	c := h.services.Core.Config().ServiceSettings
	if u, err := url.Parse(name); err == nil && u.Host != "" {
		if sameHost(u, r.Host) {
			return originTrusted
		}
		if site, err := url.Parse(c.SiteURL); err == nil && site.Host != "" && sameHost(u, site.Host) {
			return originTrusted
		}
	}
	result := originForbidden
	for allowed := range strings.FieldsSeq(c.AllowCorsFrom) {
		if strings.EqualFold(strings.TrimSuffix(allowed, "/"), name) {
			return originTrusted
		}
		if allowed == "*" {
			result = originWildcard
		}
	}
	return result
}

// sameHost reports whether an origin is on a host, which may be given without the standard port.
func sameHost(u *url.URL, host string) bool {
	port := ":80"
	if u.Scheme == "https" {
		port = ":443"
	}
	return strings.EqualFold(strings.TrimSuffix(u.Host, port), strings.TrimSuffix(host, port))
}
