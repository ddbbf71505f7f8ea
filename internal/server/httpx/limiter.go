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
	"muster/internal/app"
	"muster/internal/config"
	"muster/internal/network"
)

// Limiter holds clients and networks to RateLimitSettings, for all edges of a server together, and finds out who a client is
// (docs/adr/0018-limits-at-the-edge.md).
type Limiter struct {
	app *app.App
	log *slog.Logger

	trusted atomic.Pointer[trust]
	buckets atomic.Pointer[buckets]

	requests, bodies, pictures, connections, webSockets, anonymous networkCounter

	shedder shedder

	untrustedHeader atomic.Bool                // somebody was told of
	untrustedProxy  atomic.Pointer[netip.Addr] // nil while none was seen
	warning         rate.Sometimes
	refused         [limits]atomic.Uint64
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
	warningInterval   = 10 * time.Second // between lines about refusals, whoever they are of
	largeBodies       = 64               // bodies over SmallBody of one network that are read at the same time
	picturesUploaded  = 2                // pictures that come from one network at the same time
	retryWhenReleased = time.Second      // what is counted while it is open ends at no known time
)

// NewLimiter returns the limiter of a server. Its edges share it.
func NewLimiter(a *app.App, log *slog.Logger) *Limiter {
	if log == nil {
		log = slog.Default()
	}
	return &Limiter{app: a, log: log, warning: rate.Sometimes{Interval: warningInterval}}
}

// LimitNames returns the names of all limits.
func LimitNames() []string { return slices.Clone(limitNames[:]) }

// Refused returns how often the limit of a name refused something.
func (l *Limiter) Refused(name string) uint64 {
	i := slices.Index(limitNames[:], name)
	if i < 0 {
		return 0
	}
	return l.refused[i].Load()
}

func (l *Limiter) settings() config.RateLimitSettings { return l.app.Config().RateLimitSettings }

// sheds reports whether a network that keeps running into a limit has its new connections closed for a while. Honest people run into those of rates: an
// office where many sign in at once, say.
func (which limit) sheds() bool {
	switch which {
	case limitRequests, limitConnections, limitUpgrades, limitAnonymousUpgrades, limitWebSockets, limitAnonymousWebSockets:
		return true
	}
	return false
}

// refuse counts a refusal, and warns of one now and then: an attack must not fill the log.
func (l *Limiter) refuse(which limit, n network.Network) {
	l.refused[which].Add(1)
	if which.sheds() {
		l.shedder.refused(n, time.Now())
	}
	l.warning.Do(func() { l.log.Warn("a network is over a limit", "limit", limitNames[which], "network", n.String()) })
}

// BeginRequest counts a request as under way; EndRequest must follow unless the request is refused. Kind RateLimited.
func (l *Limiter) BeginRequest(who *app.Caller) error {
	return l.take(&l.requests, who.Network(), limitRequests, l.settings().MaxRequestsPerNetwork)
}

// EndRequest ends what BeginRequest began.
func (l *Limiter) EndRequest(who *app.Caller) { l.requests.give(who.Network()) }

// BeginPicture counts an upload of a picture as under way; EndPicture must follow unless it is refused. Kind RateLimited.
func (l *Limiter) BeginPicture(who *app.Caller) error {
	return l.take(&l.pictures, who.Network(), limitPictures, picturesUploaded)
}

// EndPicture ends what BeginPicture began.
func (l *Limiter) EndPicture(who *app.Caller) { l.pictures.give(who.Network()) }

// OpenWebSocket counts a WebSocket as open, one without a sign-in as anonymous too. CloseWebSocket must follow unless it is refused. Kind RateLimited.
func (l *Limiter) OpenWebSocket(n network.Network, anonymous bool) error {
	c := l.settings()
	if err := l.take(&l.webSockets, n, limitWebSockets, c.MaxWebSocketsPerNetwork); err != nil {
		return err
	}
	if !anonymous {
		return nil
	}
	err := l.take(&l.anonymous, n, limitAnonymousWebSockets, c.MaxAnonymousWebSocketsPerNetwork)
	if err != nil {
		l.webSockets.give(n)
	}
	return err
}

// SignedInWebSocket notes that a WebSocket is not anonymous any more.
func (l *Limiter) SignedInWebSocket(n network.Network) { l.anonymous.give(n) }

// CloseWebSocket ends what OpenWebSocket began.
func (l *Limiter) CloseWebSocket(n network.Network, anonymous bool) {
	l.webSockets.give(n)
	if anonymous {
		l.anonymous.give(n)
	}
}

var errNetworkLimit = muster.E(muster.RateLimited, "api.context.network_limit.app_error").After(retryWhenReleased)

// take counts one more for a network. It counts while the limits are turned off too, so that they can be turned on at any time.
func (l *Limiter) take(c *networkCounter, n network.Network, which limit, most int) error {
	if !l.settings().Enable {
		most = math.MaxInt
	}
	if c.take(n, most) {
		return nil
	}
	l.refuse(which, n)
	return errNetworkLimit
}

// networkCounter counts what each network holds at the moment. It remembers nobody who holds nothing. The zero value is ready.
type networkCounter struct {
	mu   sync.Mutex
	held map[network.Network]int
}

// take counts one more unless the network holds the most already. What comes over the local socket is not counted.
func (c *networkCounter) take(n network.Network, most int) bool {
	if n.IsZero() {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[n] >= most {
		return false
	}
	if c.held == nil {
		c.held = map[network.Network]int{}
	}
	c.held[n]++
	return true
}

func (c *networkCounter) give(n network.Network) {
	if n.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[n]--; c.held[n] <= 0 {
		delete(c.held, n)
	}
}
