package httpx

import (
	"net/http"
	"net/url"
)

// CheckOrigin returns an error if the request has a Sec-Fetch-Site or Origin header which says that a page of another site made it. A request without
// them does not come from a browser, so no other site can have caused it.
func (l *Limiter) CheckOrigin(r *http.Request) error {
	p := http.NewCrossOriginProtection()
	if site, err := url.Parse(l.services.Core.Config().ServiceSettings.SiteURL); err == nil && site.Host != "" {
		// Behind a proxy the Host header may not be the one that the browser sent.
		if err := p.AddTrustedOrigin(site.Scheme + "://" + site.Host); err != nil {
			return err
		}
	}
	return p.Check(r)
}

// FromOwnPage reports whether a browser made the request for a page of this site.
func (l *Limiter) FromOwnPage(r *http.Request) bool { return fromBrowser(r) && l.CheckOrigin(r) == nil }

// fromBrowser reports whether a request has one of the headers that browsers set and scripts can't.
func fromBrowser(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
}
