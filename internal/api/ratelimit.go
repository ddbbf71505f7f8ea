package api

import (
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"muster"
)

// limiterMemory is how long a caller's bucket is remembered after its last request.
const limiterMemory = 10 * time.Minute

// limiters are the token buckets of RateLimitSettings, one for each caller.
type limiters struct {
	settings muster.RateLimitSettings
	buckets  *otter.Cache[string, *rate.Limiter]
}

func newLimiters(c muster.RateLimitSettings) *limiters {
	return &limiters{c, otter.Must(&otter.Options[string, *rate.Limiter]{
		MaximumSize: max(c.MemoryStoreSize, 1), ExpiryCalculator: otter.ExpiryAccessing[string, *rate.Limiter](limiterMemory),
	})}
}

// limit refuses a request over RateLimitSettings: kind RateLimited. New settings begin with fresh buckets.
func (s *Server) limit(c *call) error {
	settings := s.app.Config().RateLimitSettings
	if !settings.Enable {
		return nil
	}
	l := s.limits.Load()
	if l == nil || l.settings != settings {
		l = newLimiters(settings)
		s.limits.Store(l)
	}
	bucket, _ := l.buckets.ComputeIfAbsent(l.key(c), func() (*rate.Limiter, bool) {
		return rate.NewLimiter(rate.Limit(settings.PerSec), settings.MaxBurst), false
	})
	if bucket.Allow() {
		return nil
	}
	c.w.Header().Set("Retry-After", "1")
	return muster.E(muster.RateLimited, "api.context.rate_limited.app_error")
}

// key is whose bucket a request draws from.
func (l *limiters) key(c *call) string {
	key := ""
	if l.settings.VaryByUser {
		key = c.who.ID()
	}
	if l.settings.VaryByRemoteAddr && key == "" {
		key = c.who.IP
	}
	if h := l.settings.VaryByHeader; h != "" {
		key += " " + c.r.Header.Get(h)
	}
	return key
}
