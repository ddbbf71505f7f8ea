package ws

import (
	"net/http"
	"net/url"
	"strings"
)

// origin is whose page asks for a WebSocket: browsers send cookies along whoever asks.
type origin uint8

const (
	foreign  origin = iota // refused
	anybodys               // allowed only because the settings allow every origin
	ours                   // no page at all, a page of this server, or of an origin that the settings name
)

// originOf holds a request's Origin against the host asked for, SiteURL's (behind a proxy the two differ) and AllowCorsFrom.
func (h *Hub) originOf(r *http.Request) origin {
	name := r.Header.Get("Origin")
	if name == "" {
		return ours
	}
	c := h.app.Config().ServiceSettings
	if u, err := url.Parse(name); err == nil && u.Host != "" {
		if sameHost(u, r.Host) {
			return ours
		}
		if site, err := url.Parse(c.SiteURL); err == nil && site.Host != "" && sameHost(u, site.Host) {
			return ours
		}
	}
	is := foreign
	for allowed := range strings.FieldsSeq(c.AllowCorsFrom) {
		if strings.EqualFold(strings.TrimSuffix(allowed, "/"), name) {
			return ours
		}
		if allowed == "*" {
			is = anybodys
		}
	}
	return is
}

// sameHost tells whether an origin is of a host, given with or without its port.
func sameHost(u *url.URL, host string) bool {
	port := ":80"
	if u.Scheme == "https" {
		port = ":443"
	}
	return strings.EqualFold(strings.TrimSuffix(u.Host, port), strings.TrimSuffix(host, port))
}
