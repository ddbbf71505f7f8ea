package httpx

import (
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"muster"
	"muster/internal/app"
	"muster/internal/config"
	"muster/internal/network"
)

// bucketMemory is how long a bucket is remembered after its last request.
const bucketMemory = 10 * time.Minute

// buckets are the token buckets of RateLimitSettings.
type buckets struct {
	settings config.RateLimitSettings
	cache    *otter.Cache[bucketKey, *rate.Limiter]
}

// bucketKey is whose bucket it is, and for what. It has a fixed size: most of it comes from the request.
type bucketKey struct {
	limit   limit
	network network.Network
	client  [sha256.Size]byte // for limitRate, which may count by more than the network
}

func newBuckets(c config.RateLimitSettings) *buckets {
	return &buckets{c, otter.Must(&otter.Options[bucketKey, *rate.Limiter]{
		MaximumSize: max(c.MemoryStoreSize, 1), ExpiryCalculator: otter.ExpiryAccessing[bucketKey, *rate.Limiter](bucketMemory),
	})}
}

// Allow holds a request of any kind to RateLimitSettings.PerSec, if that limits anything. Kind RateLimited, with the time until the next token.
func (l *Limiter) Allow(r *http.Request, who *app.Caller) error {
	c := l.settings()
	if c.PerSec == 0 || !c.Enable || who.Network().IsZero() {
		return nil
	}
	key := bucketKey{limit: limitRate, client: clientKey(r, who, c)}
	return l.draw(key, c, rate.Limit(c.PerSec), c.MaxBurst, who)
}

// AllowLogin holds a request that needs no session but costs work (a sign-in, say) to what its network may ask for. Kind RateLimited.
func (l *Limiter) AllowLogin(who *app.Caller) error {
	c := l.settings()
	return l.allowNetwork(limitLogins, c.LoginPerMinute, c.LoginBurst, who)
}

// estimatesPerLogin is how often a password is judged while it is typed, once for each pause.
const estimatesPerLogin = 10

// AllowEstimate is AllowLogin for judging a password as it is typed: that is cheap, and must not be at the expense of sign-ins.
func (l *Limiter) AllowEstimate(who *app.Caller) error {
	c := l.settings()
	return l.allowNetwork(limitEstimates, estimatesPerLogin*c.LoginPerMinute, estimatesPerLogin*c.LoginBurst, who)
}

// AllowUpgrade holds requests to open a WebSocket to what their network may ask for: after a restart everybody's come back at once. Kind RateLimited.
func (l *Limiter) AllowUpgrade(who *app.Caller) error {
	c := l.settings()
	return l.allowNetwork(limitUpgrades, c.WebSocketsPerMinute, c.WebSocketBurst, who)
}

// AllowAnonymousUpgrade is AllowUpgrade's further limit for those that no session came with.
func (l *Limiter) AllowAnonymousUpgrade(who *app.Caller) error {
	c := l.settings()
	return l.allowNetwork(limitAnonymousUpgrades, c.LoginPerMinute, c.LoginBurst, who)
}

func (l *Limiter) allowNetwork(which limit, perMinute, burst int, who *app.Caller) error {
	c := l.settings()
	if !c.Enable || who.Network().IsZero() {
		return nil
	}
	return l.draw(bucketKey{limit: which, network: who.Network()}, c, rate.Limit(perMinute)/60, burst, who)
}

// draw takes a token. New settings begin with fresh buckets.
func (l *Limiter) draw(key bucketKey, c config.RateLimitSettings, every rate.Limit, burst int, who *app.Caller) error {
	now := l.buckets.Load()
	for now == nil || now.settings != c {
		if fresh := newBuckets(c); l.buckets.CompareAndSwap(now, fresh) {
			now = fresh
			break
		}
		now = l.buckets.Load()
	}
	bucket, _ := now.cache.ComputeIfAbsent(key, func() (*rate.Limiter, bool) { return rate.NewLimiter(every, burst), false })
	token := bucket.Reserve()
	wait := token.Delay()
	if wait == 0 {
		return nil
	}
	token.Cancel()
	l.refuse(key.limit, who.Network())
	return muster.E(muster.RateLimited, "api.context.rate_limited.app_error").After(wait)
}

// clientKey is whose bucket of PerSec a request draws from, by the VaryBy settings.
func clientKey(r *http.Request, who *app.Caller, c config.RateLimitSettings) [sha256.Size]byte {
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
