package httpx

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"muster"
	"muster/internal/app"
	"muster/internal/config"
)

// NewCaller is who makes a request, before it is known whether a session comes along.
func (l *Limiter) NewCaller(r *http.Request) *app.Caller {
	return &app.Caller{IP: l.clientIP(r), UserAgent: r.UserAgent(), RequestID: muster.NewID(), Path: r.URL.Path, DeviceTokens: deviceTokens(r)}
}

// clientIP returns the address of the client behind the proxies that the settings trust.
func (l *Limiter) clientIP(r *http.Request) string {
	peer, ok := peerOf(r.RemoteAddr)
	if !ok {
		return r.RemoteAddr // the local socket
	}
	t := l.trust()
	if !t.trusts(peer) {
		l.warnOfProxy(t, peer, r.Header)
		return peer.String()
	}
	return t.client(peer, r.Header).String()
}

// overTLS reports whether the client speaks TLS, perhaps to a trusted proxy before us.
func (l *Limiter) overTLS(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	proto, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	if !strings.EqualFold(strings.TrimSpace(proto), "https") {
		return false
	}
	peer, ok := peerOf(r.RemoteAddr)
	return ok && l.trust().trusts(peer)
}

// warnOfProxy says once that somebody who is not a trusted proxy names a client's address: if they are on this machine or in a private network, most likely
// that is a proxy that the settings don't name. A stranger on the Internet does not use that warning up.
func (l *Limiter) warnOfProxy(t *trust, peer netip.Addr, h http.Header) {
	for _, name := range append([]string{forwardedFor, forwarded}, t.headers...) {
		if h.Get(name) == "" {
			continue
		}
		if near(peer) {
			l.noteProxy(t, peer, name)
		} else if l.untrustedHeader.CompareAndSwap(false, true) {
			l.log.Warn("a header that names the client's address was ignored, since it did not come from a trusted proxy. If there is a proxy at that address, "+
				`set ServiceSettings.TrustedProxies`, "header", name, "peer", peer.String())
		}
		return
	}
}

// near reports whether an address is where proxies are: on this machine or in a private network.
func near(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() }

func (l *Limiter) noteProxy(t *trust, peer netip.Addr, header string) {
	known := l.untrustedProxy.Load()
	if known != nil && !t.trusts(*known) || !l.untrustedProxy.CompareAndSwap(known, &peer) {
		return
	}
	l.log.Warn(fmt.Sprintf("there seems to be a proxy at %[1]s that is not trusted: its %[2]s header was ignored, and all people who come through it share the limits of "+
		`one network. Set ServiceSettings.TrustedProxies to ["%[1]s"] (or MUSTER_SERVICESETTINGS_TRUSTEDPROXIES=%[1]s)`, peer, header))
}

// UntrustedProxy returns the address of what seems to be a proxy that ServiceSettings.TrustedProxies does not name, "" where none was seen.
func (l *Limiter) UntrustedProxy() string {
	if a := l.untrustedProxy.Load(); a != nil && !l.trust().trusts(*a) {
		return a.String()
	}
	return ""
}

// Headers that name clients' addresses.
const (
	forwardedFor = "X-Forwarded-For"
	forwarded    = "Forwarded" // RFC 7239
)

// hopsMax bounds how many proxies a request is followed through.
const hopsMax = 32

// trust is which proxies are trusted, and to say what.
type trust struct {
	config  *config.Config // that it was read from
	proxies []netip.Prefix
	headers []string // best first
}

// trust returns what the settings in force say.
func (l *Limiter) trust() *trust {
	c := l.app.Config()
	if t := l.trusted.Load(); t != nil && t.config == c {
		return t
	}
	t := newTrust(c)
	l.trusted.Store(t)
	return t
}

func newTrust(c *config.Config) *trust {
	t := &trust{config: c, headers: c.ServiceSettings.TrustedProxyIPHeader}
	for _, text := range c.ServiceSettings.TrustedProxies {
		if p, err := config.ParseNetwork(text); err == nil { // the settings in force are valid
			t.proxies = append(t.proxies, p)
		}
	}
	switch {
	case len(t.headers) == 0:
		t.headers = []string{forwardedFor}
	case len(t.proxies) == 0: // who names a header has a proxy, and nobody outside of this machine can pass for one on it
		t.proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	return t
}

func (t *trust) trusts(a netip.Addr) bool {
	for _, p := range t.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// client returns the address that a request with a trusted peer came from: the first from the right that is not a trusted proxy. What stands left of it
// the client may have made up. Of several headers the first that names an address counts.
func (t *trust) client(peer netip.Addr, h http.Header) netip.Addr {
	for _, name := range t.headers {
		text, parse, next := strings.Join(h.Values(name), ","), parseAddress, cutLast
		if http.CanonicalHeaderKey(name) == forwarded {
			parse, next = forwardedAddress, cutLastElement
		}
		named := netip.Addr{}
		for hops := 0; text != "" && hops < hopsMax && (!named.IsValid() || t.trusts(named)); hops++ {
			var hop string
			text, hop = next(text)
			a, ok := parse(hop)
			if !ok {
				break
			}
			named = a
		}
		if named.IsValid() {
			return named
		}
	}
	return peer
}

// cutLast splits a list at its last comma.
func cutLast(list string) (before, last string) {
	i := strings.LastIndexByte(list, ',')
	return list[:max(i, 0)], list[i+1:]
}

// parseAddress reads an address, with a port or without; one of IPv6 may stand in brackets.
func parseAddress(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return plain(ap.Addr()), true
	}
	if len(text) > 1 && text[0] == '[' && text[len(text)-1] == ']' {
		text = text[1 : len(text)-1]
	}
	a, err := netip.ParseAddr(text)
	return plain(a), err == nil
}

// plain is an address as networks are counted: a zone is a text of any length, and says nothing outside of the machine that it is of.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// peerOf returns the address at the other end of a connection, false for the local socket, which has none.
func peerOf(remote string) (netip.Addr, bool) {
	ap, err := netip.ParseAddrPort(remote)
	return plain(ap.Addr()), err == nil
}
