package httpx

import (
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"muster"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/network"
)

// bucketLifetime is how long a bucket is kept after its last request.
const bucketLifetime = 10 * time.Minute

// buckets are the token buckets of RateLimitSettings.
type buckets struct {
	settings config.RateLimitSettings
	cache    *otter.Cache[bucketKey, *rate.Limiter]
}

// bucketKey says whose bucket it is, and of which limit. It has a fixed size although most of it comes from the request.
type bucketKey struct {
	limit   limit
	network network.Network
	client  [sha256.Size]byte // of limitRate, which may count by more than the network
}

func newBuckets(c config.RateLimitSettings) *buckets {
	return &buckets{c, otter.Must(&otter.Options[bucketKey, *rate.Limiter]{
		MaximumSize: max(c.MemoryStoreSize, 1), ExpiryCalculator: otter.ExpiryAccessing[bucketKey, *rate.Limiter](bucketLifetime),
	})}
}

// Allow applies RateLimitSettings.PerSec, which counts requests of any kind. Kind RateLimited, with the time until the next token.
func (l *Limiter) Allow(r *http.Request, who *core.Caller) error {
	c := l.settings()
	if c.PerSec == 0 || !c.Enable || who.Network().IsZero() {
		return nil
	}
	key := bucketKey{limit: limitRate, client: clientKey(r, who, c)}
	return l.takeToken(key, c, rate.Limit(c.PerSec), c.MaxBurst, who)
}

// AllowLogin applies the limit on what a network may ask for without a session if it costs work, such as sign-ins. Kind RateLimited.
func (l *Limiter) AllowLogin(who *core.Caller) error {
	c := l.settings()
	return l.allowNetwork(limitLogins, c.LoginPerMinute, c.LoginBurst, who)
}

// estimatesPerLogin is how many estimates of a password's strength are allowed for each sign-in: one for each pause in typing.
const estimatesPerLogin = 10

// AllowEstimate applies the limit on estimates of a password's strength. They are cheap and must not use up the limit on sign-ins. Kind RateLimited.
func (l *Limiter) AllowEstimate(who *core.Caller) error {
	c := l.settings()
	return l.allowNetwork(limitEstimates, estimatesPerLogin*c.LoginPerMinute, estimatesPerLogin*c.LoginBurst, who)
}

// AllowUpgrade applies the limit on opening WebSockets, which is high: after a restart all clients reconnect at once. Kind RateLimited.
func (l *Limiter) AllowUpgrade(who *core.Caller) error {
	c := l.settings()
	return l.allowNetwork(limitUpgrades, c.WebSocketsPerMinute, c.WebSocketBurst, who)
}

// AllowAnonymousUpgrade applies the limit on opening WebSockets without a session. Kind RateLimited.
func (l *Limiter) AllowAnonymousUpgrade(who *core.Caller) error {
	c := l.settings()
	return l.allowNetwork(limitAnonymousUpgrades, c.LoginPerMinute, c.LoginBurst, who)
}

func (l *Limiter) allowNetwork(which limit, perMinute, burst int, who *core.Caller) error {
	c := l.settings()
	if !c.Enable || who.Network().IsZero() {
		return nil
	}
	return l.takeToken(bucketKey{limit: which, network: who.Network()}, c, rate.Limit(perMinute)/60, burst, who)
}

// takeToken takes a token from a bucket. Buckets start full after the settings changed.
func (l *Limiter) takeToken(key bucketKey, c config.RateLimitSettings, every rate.Limit, burst int, who *core.Caller) error {
	current := l.buckets.Load()
	for current == nil || current.settings != c {
		if fresh := newBuckets(c); l.buckets.CompareAndSwap(current, fresh) {
			current = fresh
			break
		}
		current = l.buckets.Load()
	}
	bucket, _ := current.cache.ComputeIfAbsent(key, func() (*rate.Limiter, bool) { return rate.NewLimiter(every, burst), false })
	token := bucket.Reserve()
	wait := token.Delay()
	if wait == 0 {
		return nil
	}
	token.Cancel()
	l.refuse(key.limit, who.Network())
	return muster.E(muster.RateLimited, "api.context.rate_limited.app_error").After(wait)
}

// clientKey returns the key of the bucket of PerSec that a request takes its token from, by the VaryBy settings.
func clientKey(r *http.Request, who *core.Caller, c config.RateLimitSettings) [sha256.Size]byte {
	key := ""
	if c.VaryByUser {
		key = who.ID()
	}
	if c.VaryByRemoteAddr && key == "" {
		key = who.Network().String()
	}
	if c.VaryByHeader != "" {
		key += " " + r.Header.Get(c.VaryByHeader)
	}
	return sha256.Sum256([]byte(key))
}
