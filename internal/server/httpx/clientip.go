package httpx

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"muster"
	"muster/internal/config"
	"muster/internal/core"
)

// NewCaller returns the caller of a request, who is anonymous until a session is found.
func (l *Limiter) NewCaller(r *http.Request) *core.Caller {
	return &core.Caller{IP: l.clientIP(r), UserAgent: r.UserAgent(), RequestID: muster.NewID(), Path: r.URL.Path, DeviceTokens: deviceTokens(r)}
}

// clientIP returns the address of the client behind the proxies that the settings trust.
func (l *Limiter) clientIP(r *http.Request) string {
	peer, ok := peerAddr(r.RemoteAddr)
	if !ok {
		return r.RemoteAddr // the local socket
	}
	t := l.trustedProxies()
	if !t.contains(peer) {
		l.warnUntrusted(t, peer, r.Header)
		return peer.String()
	}
	return t.clientAddr(peer, r.Header).String()
}

// overTLS reports whether the client uses TLS, to this server or to a trusted proxy.
func (l *Limiter) overTLS(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	proto, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	if !strings.EqualFold(strings.TrimSpace(proto), "https") {
		return false
	}
	peer, ok := peerAddr(r.RemoteAddr)
	return ok && l.trustedProxies().contains(peer)
}

// warnUntrusted logs once that a peer which is not a trusted proxy sent a forwarding header. A peer on this machine or in a private network is most likely
// a proxy that the settings don't name; it gets a warning of its own, which clients on the Internet can't use up.
func (l *Limiter) warnUntrusted(t *trustedProxies, peer netip.Addr, h http.Header) {
	for _, name := range append([]string{headerXForwardedFor, headerForwarded}, t.headers...) {
		if h.Get(name) == "" {
			continue
		}
		if isLocal(peer) {
			l.warnUntrustedProxy(t, peer, name)
		} else if l.warnedOfHeader.CompareAndSwap(false, true) {
			l.log.Warn("ignored a header that names the client's address, because it did not come from a trusted proxy. If there is a proxy at that address, "+
				`add it to ServiceSettings.TrustedProxies`, "header", name, "peer", peer.String())
		}
		return
	}
}

// isLocal reports whether an address is on this machine or in a private network, where proxies are.
func isLocal(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() }

func (l *Limiter) warnUntrustedProxy(t *trustedProxies, peer netip.Addr, header string) {
	known := l.untrustedProxy.Load()
	if known != nil && !t.contains(*known) || !l.untrustedProxy.CompareAndSwap(known, &peer) {
		return
	}
	l.log.Warn(fmt.Sprintf("there seems to be a proxy at %[1]s that is not trusted: its %[2]s header was ignored, and all clients behind it share the limits of "+
		`one network. Set ServiceSettings.TrustedProxies to ["%[1]s"] (or MUSTER_SERVICESETTINGS_TRUSTEDPROXIES=%[1]s)`, peer, header))
}

// UntrustedProxy returns the address of what seems to be a proxy that ServiceSettings.TrustedProxies does not name, "" if none was seen.
func (l *Limiter) UntrustedProxy() string {
	if a := l.untrustedProxy.Load(); a != nil && !l.trustedProxies().contains(*a) {
		return a.String()
	}
	return ""
}

// Headers that name the client's address.
const (
	headerXForwardedFor = "X-Forwarded-For"
	headerForwarded     = "Forwarded" // RFC 7239
)

// maxHops bounds how many proxies a request is traced back through.
const maxHops = 32

// trustedProxies are the proxies whose forwarding headers are believed, and the headers that they set.
type trustedProxies struct {
	config  *config.Config // that they were read from
	proxies []netip.Prefix
	headers []string // in order of preference
}

// trustedProxies returns those of the current settings.
func (l *Limiter) trustedProxies() *trustedProxies {
	c := l.services.Core.Config()
	if t := l.proxies.Load(); t != nil && t.config == c {
		return t
	}
	t := newTrustedProxies(c)
	l.proxies.Store(t)
	return t
}

func newTrustedProxies(c *config.Config) *trustedProxies {
	t := &trustedProxies{config: c, headers: c.ServiceSettings.TrustedProxyIPHeader}
	for _, text := range c.ServiceSettings.TrustedProxies {
		if p, err := config.ParseNetwork(text); err == nil { // the current settings are valid
			t.proxies = append(t.proxies, p)
		}
	}
	switch {
	case len(t.headers) == 0:
		t.headers = []string{headerXForwardedFor}
	case len(t.proxies) == 0: // whoever names a header has a proxy; by default it is on this machine, where no client outside can pass for it
		t.proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	return t
}

func (t *trustedProxies) contains(a netip.Addr) bool {
	for _, p := range t.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// clientAddr returns the address that a request of a trusted peer came from: the first one from the right that is not a trusted proxy. The client may have
// made up what is left of it. Of several headers the first that names an address is used.
func (t *trustedProxies) clientAddr(peer netip.Addr, h http.Header) netip.Addr {
	for _, name := range t.headers {
		text, parse, next := strings.Join(h.Values(name), ","), parseAddress, cutLast
		if http.CanonicalHeaderKey(name) == headerForwarded {
			parse, next = forwardedAddress, cutLastElement
		}
		named := netip.Addr{}
		for hops := 0; text != "" && hops < maxHops && (!named.IsValid() || t.contains(named)); hops++ {
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

// parseAddress parses an address with or without a port. An IPv6 address may be in brackets.
func parseAddress(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return normalize(ap.Addr()), true
	}
	if len(text) > 1 && text[0] == '[' && text[len(text)-1] == ']' {
		text = text[1 : len(text)-1]
	}
	a, err := netip.ParseAddr(text)
	return normalize(a), err == nil
}

// normalize returns an address without a zone, which is a text of any length and means something on one machine only, and as IPv4 if it is mapped to IPv6.
func normalize(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// peerAddr returns the address at the other end of a connection, false for the local socket, which has none.
func peerAddr(remote string) (netip.Addr, bool) {
	ap, err := netip.ParseAddrPort(remote)
	return normalize(ap.Addr()), err == nil
}
