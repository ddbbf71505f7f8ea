package httpx

import (
	"log/slog"
	"math"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"muster"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/network"
	"muster/internal/services"
)

// Limiter enforces RateLimitSettings on clients and networks. API, WebSocket and pages share one, which also determines the address of a client
// (docs/adr/0018-limits-at-the-edge.md).
type Limiter struct {
	services *services.Services
	log      *slog.Logger

	proxies atomic.Pointer[trustedProxies]
	buckets atomic.Pointer[buckets]

	requests, bodies, pictures, connections, webSockets, anonymous networkCounter

	shedder shedder

	warnedOfHeader atomic.Bool                // a forwarding header of an untrusted peer was logged
	untrustedProxy atomic.Pointer[netip.Addr] // nil while none was seen
	warning        rate.Sometimes
	refused        [limits]atomic.Uint64
}

// limit is one of those that a Limiter enforces.
type limit uint8

const (
	limitRate limit = iota
	limitLogins
	limitEstimates
	limitUpgrades
	limitAnonymousUpgrades
	limitRequests
	limitBodies
	limitPictures
	limitConnections
	limitShed
	limitWebSockets
	limitAnonymousWebSockets
	limits // how many there are
)

var limitNames = [limits]string{
	limitRate: "rate", limitLogins: "logins", limitEstimates: "password_estimates", limitUpgrades: "websocket_upgrades",
	limitAnonymousUpgrades: "anonymous_websocket_upgrades", limitRequests: "requests", limitBodies: "bodies", limitPictures: "pictures",
	limitConnections: "connections", limitShed: "shed_connections", limitWebSockets: "websockets", limitAnonymousWebSockets: "anonymous_websockets",
}

const (
	warningInterval   = 10 * time.Second // between log lines about refusals, of all networks together
	maxLargeBodies    = 64               // bodies over SmallBody that one network may send at the same time
	maxPictureUploads = 2                // pictures that one network may send at the same time
	retryWhenReleased = time.Second      // Retry-After where nobody knows when one of those under way will end
)

// NewLimiter returns the limiter of a server. A nil log stands for slog.Default.
func NewLimiter(a *services.Services, log *slog.Logger) *Limiter {
	if log == nil {
		log = slog.Default()
	}
	return &Limiter{services: a, log: log, warning: rate.Sometimes{Interval: warningInterval}}
}

// LimitNames returns the names of all limits.
func LimitNames() []string { return slices.Clone(limitNames[:]) }

// Refused returns how often the limit of that name refused something.
func (l *Limiter) Refused(name string) uint64 {
	i := slices.Index(limitNames[:], name)
	if i < 0 {
		return 0
	}
	return l.refused[i].Load()
}

func (l *Limiter) settings() config.RateLimitSettings {
	return l.services.Core.Config().RateLimitSettings
}

// sheds reports whether the new connections of a network are closed for a while if it keeps running into the limit. Rates are not among these limits: an
// office where many people sign in at once runs into them.
func (which limit) sheds() bool {
	switch which {
	case limitRequests, limitConnections, limitUpgrades, limitAnonymousUpgrades, limitWebSockets, limitAnonymousWebSockets:
		return true
	}
	return false
}

// refuse counts a refusal. It logs only one every warningInterval, because an attack must not fill the disk.
func (l *Limiter) refuse(which limit, n network.Network) {
	l.refused[which].Add(1)
	if which.sheds() {
		l.shedder.refused(n, time.Now())
	}
	l.warning.Do(func() { l.log.Warn("a network exceeded a limit", "limit", limitNames[which], "network", n.String()) })
}

// BeginRequest counts a request as under way. EndRequest must follow unless the request is refused with kind RateLimited.
func (l *Limiter) BeginRequest(who *core.Caller) error {
	return l.acquire(&l.requests, who.Network(), limitRequests, l.settings().MaxRequestsPerNetwork)
}

// EndRequest ends what BeginRequest began.
func (l *Limiter) EndRequest(who *core.Caller) { l.requests.release(who.Network()) }

// BeginPicture counts the upload of a picture as under way. EndPicture must follow unless it is refused with kind RateLimited.
func (l *Limiter) BeginPicture(who *core.Caller) error {
	return l.acquire(&l.pictures, who.Network(), limitPictures, maxPictureUploads)
}

// EndPicture ends what BeginPicture began.
func (l *Limiter) EndPicture(who *core.Caller) { l.pictures.release(who.Network()) }

// OpenWebSocket counts a WebSocket as open, and as anonymous if nobody has signed in on it. CloseWebSocket must follow unless it is refused with kind
// RateLimited.
func (l *Limiter) OpenWebSocket(n network.Network, anonymous bool) error {
	c := l.settings()
	if err := l.acquire(&l.webSockets, n, limitWebSockets, c.MaxWebSocketsPerNetwork); err != nil {
		return err
	}
	if !anonymous {
		return nil
	}
	err := l.acquire(&l.anonymous, n, limitAnonymousWebSockets, c.MaxAnonymousWebSocketsPerNetwork)
	if err != nil {
		l.webSockets.release(n)
	}
	return err
}

// WebSocketSignedIn stops counting a WebSocket as anonymous.
func (l *Limiter) WebSocketSignedIn(n network.Network) { l.anonymous.release(n) }

// CloseWebSocket ends what OpenWebSocket began.
func (l *Limiter) CloseWebSocket(n network.Network, anonymous bool) {
	l.webSockets.release(n)
	if anonymous {
		l.anonymous.release(n)
	}
}

var errNetworkLimit = muster.E(muster.RateLimited, "api.context.network_limit.app_error").After(retryWhenReleased)

// acquire counts one more for a network. It counts while the limits are turned off too, so that they can be turned on at any time.
func (l *Limiter) acquire(c *networkCounter, n network.Network, which limit, most int) error {
	if !l.settings().Enable {
		most = math.MaxInt
	}
	if c.acquire(n, most) {
		return nil
	}
	l.refuse(which, n)
	return errNetworkLimit
}

// networkCounter counts what each network has open at the moment. It forgets networks that have nothing open. The zero value is ready to use.
type networkCounter struct {
	mu   sync.Mutex
	open map[network.Network]int
}

// acquire counts one more and reports whether that is within the limit. The local socket, which is no network, is not counted.
func (c *networkCounter) acquire(n network.Network, limit int) bool {
	if n.IsZero() {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[n] >= limit {
		return false
	}
	if c.open == nil {
		c.open = map[network.Network]int{}
	}
	c.open[n]++
	return true
}

func (c *networkCounter) release(n network.Network) {
	if n.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[n]--; c.open[n] <= 0 {
		delete(c.open, n)
	}
}
