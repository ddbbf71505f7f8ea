package edge

import (
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"muster"
	"muster/internal/app"
	"muster/internal/network"
)

// Guard holds clients and networks to RateLimitSettings, for all edges of a server together, and finds out who a client is
// (docs/adr/0018-limits-at-the-edge.md).
type Guard struct {
	app *app.App
	log *slog.Logger

	trusted atomic.Pointer[trust]
	buckets atomic.Pointer[buckets]

	requests, bodies, connections, webSockets, anonymous networkCounter

	untrustedHeader atomic.Bool // somebody was told of
	warning         rate.Sometimes
	refused         [limits]atomic.Uint64
}

// limit is one of those that a Guard enforces.
type limit uint8

const (
	limitRate limit = iota
	limitLogins
	limitUpgrades
	limitRequests
	limitBodies
	limitConnections
	limitWebSockets
	limitAnonymousWebSockets
	limits // how many there are
)

var limitNames = [limits]string{
	limitRate: "rate", limitLogins: "logins", limitUpgrades: "websocket_upgrades", limitRequests: "requests", limitBodies: "bodies",
	limitConnections: "connections", limitWebSockets: "websockets", limitAnonymousWebSockets: "anonymous_websockets",
}

const (
	warningInterval   = 10 * time.Second // between lines about refusals, whoever they are of
	largeBodies       = 64               // bodies over SmallBody of one network that are read at the same time
	retryWhenReleased = time.Second      // what is counted while it is open ends at no known time
)

// NewGuard returns the guard of a server. Its edges share it.
func NewGuard(a *app.App, log *slog.Logger) *Guard {
	if log == nil {
		log = slog.Default()
	}
	return &Guard{app: a, log: log, warning: rate.Sometimes{Interval: warningInterval}}
}

// LimitNames returns the names of all limits.
func LimitNames() []string { return slices.Clone(limitNames[:]) }

// Refused returns how often the limit of a name refused something.
func (g *Guard) Refused(name string) uint64 {
	i := slices.Index(limitNames[:], name)
	if i < 0 {
		return 0
	}
	return g.refused[i].Load()
}

func (g *Guard) settings() muster.RateLimitSettings { return g.app.Config().RateLimitSettings }

// refuse counts a refusal, and warns of one now and then: an attack must not fill the log.
func (g *Guard) refuse(l limit, n network.Network) {
	g.refused[l].Add(1)
	g.warning.Do(func() { g.log.Warn("a network is over a limit", "limit", limitNames[l], "network", n.String()) })
}

// Enter counts a request as under way; Leave must follow unless the request is refused. Kind RateLimited.
func (g *Guard) Enter(who *app.Caller) error {
	return g.take(&g.requests, who.Network(), limitRequests, g.settings().MaxRequestsPerNetwork)
}

// Leave ends what Enter began.
func (g *Guard) Leave(who *app.Caller) { g.requests.give(who.Network()) }

// OpenWebSocket counts a WebSocket as open, one without a sign-in as anonymous too. CloseWebSocket must follow unless it is refused. Kind RateLimited.
func (g *Guard) OpenWebSocket(n network.Network, anonymous bool) error {
	c := g.settings()
	if err := g.take(&g.webSockets, n, limitWebSockets, c.MaxWebSocketsPerNetwork); err != nil {
		return err
	}
	if !anonymous {
		return nil
	}
	err := g.take(&g.anonymous, n, limitAnonymousWebSockets, c.MaxAnonymousWebSocketsPerNetwork)
	if err != nil {
		g.webSockets.give(n)
	}
	return err
}

// SignedInWebSocket notes that a WebSocket is not anonymous any more.
func (g *Guard) SignedInWebSocket(n network.Network) { g.anonymous.give(n) }

// CloseWebSocket ends what OpenWebSocket began.
func (g *Guard) CloseWebSocket(n network.Network, anonymous bool) {
	g.webSockets.give(n)
	if anonymous {
		g.anonymous.give(n)
	}
}

var errNetworkLimit = muster.E(muster.RateLimited, "api.context.network_limit.app_error").After(retryWhenReleased)

// take counts one more for a network. It counts while the limits are turned off too, so that they can be turned on at any time.
func (g *Guard) take(c *networkCounter, n network.Network, l limit, most int) error {
	if !g.settings().Enable {
		most = math.MaxInt
	}
	if c.take(n, most) {
		return nil
	}
	g.refuse(l, n)
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
