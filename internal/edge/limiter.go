package edge

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"muster"
	"muster/internal/app"
)

// limiterMemory is how long a caller's bucket is remembered after its last request.
const limiterMemory = 10 * time.Minute

// Limiter holds callers to RateLimitSettings. The zero value is ready.
type Limiter struct{ current atomic.Pointer[limiters] }

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

// Allow refuses a request over the settings: kind RateLimited, and the answer's header says when to come back.
// New settings begin with fresh buckets.
func (l *Limiter) Allow(w http.ResponseWriter, r *http.Request, who *app.Caller, settings muster.RateLimitSettings) error {
	if !settings.Enable {
		return nil
	}
	now := l.current.Load()
	if now == nil || now.settings != settings {
		now = newLimiters(settings)
		l.current.Store(now)
	}
	bucket, _ := now.buckets.ComputeIfAbsent(now.key(r, who), func() (*rate.Limiter, bool) {
		return rate.NewLimiter(rate.Limit(settings.PerSec), settings.MaxBurst), false
	})
	if bucket.Allow() {
		return nil
	}
	w.Header().Set("Retry-After", "1")
	return muster.E(muster.RateLimited, "api.context.rate_limited.app_error")
}

// key is whose bucket a request draws from.
func (l *limiters) key(r *http.Request, who *app.Caller) string {
	key := ""
	if l.settings.VaryByUser {
		key = who.ID()
	}
	if l.settings.VaryByRemoteAddr && key == "" {
		key = who.IP
	}
	if h := l.settings.VaryByHeader; h != "" {
		key += " " + r.Header.Get(h)
	}
	return key
}
