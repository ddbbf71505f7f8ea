package httpx

import (
	"net/http"
	"net/url"
)

// CheckOrigin refuses a request that a browser says a page of another site made, by Sec-Fetch-Site or Origin. A program, which sends neither, is no
// browser that somebody could mislead.
func (l *Limiter) CheckOrigin(r *http.Request) error {
	p := http.NewCrossOriginProtection()
	if site, err := url.Parse(l.app.Config().ServiceSettings.SiteURL); err == nil && site.Host != "" {
		// Behind a proxy the host that we are asked for may not be the one that the browser knows.
		if err := p.AddTrustedOrigin(site.Scheme + "://" + site.Host); err != nil {
			return err
		}
	}
	return p.Check(r)
}

// FromOwnPage reports whether a browser says that a page of this site made the request.
func (l *Limiter) FromOwnPage(r *http.Request) bool { return fromBrowser(r) && l.CheckOrigin(r) == nil }

// fromBrowser reports whether a request has the headers that only browsers set, and pages can't.
func fromBrowser(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
}
