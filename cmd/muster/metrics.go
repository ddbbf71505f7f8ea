package main

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"muster/internal/diskspace"
	"muster/internal/mailer"
	"muster/internal/server/httpx"
	"muster/internal/server/ws"
	"muster/internal/services"
	"muster/internal/store"
)

const scrapeTimeout = 2 * time.Second // for metrics that are read from the database

// metrics holds what /metrics serves.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
}

func newMetrics(db *store.Store, a *services.Services, hub *ws.Hub, limiter *httpx.Limiter, disk *diskspace.Watcher) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_http_requests_total", Help: "Requests served, by method, route and status.",
		}, []string{"method", "route", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "muster_http_request_seconds", Help: "Time from request to response, by method and route.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"method", "route"}),
	}
	gauge := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read)
	}
	counter := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read)
	}
	m.registry.MustRegister(m.requests, m.latency, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("muster_db_connections_open", "Open database connections.", func() float64 { return float64(db.Stats().OpenConnections) }),
		gauge("muster_db_connections_in_use", "Database connections in use.", func() float64 { return float64(db.Stats().InUse) }),
		counter("muster_db_waits_total", "Waits for a free database connection.", func() float64 { return float64(db.Stats().WaitCount) }),
		counter("muster_db_wait_seconds_total", "Time spent waiting for a free database connection.", func() float64 { return db.Stats().WaitDuration.Seconds() }),
		gauge("muster_websocket_connections", "Open WebSockets.", func() float64 { return float64(hub.Stats().Connections) }),
		gauge("muster_websocket_resumable", "Connections kept for clients that lost their WebSocket.", func() float64 { return float64(hub.Stats().Resumable) }),
		counter("muster_websocket_events_total", "Events sent, counted once for each connection.", func() float64 { return float64(hub.Stats().EventsSent) }),
		counter("muster_websocket_events_dropped_total", "Events lost because a queue was full or a client too slow.", func() float64 { return float64(hub.Stats().EventsDropped) }),
		gauge("muster_mails_waiting", "Mails waiting in the outbox, of all nodes.", func() float64 { return float64(mails(a).Waiting) }),
		gauge("muster_mails_failed", "Mails that a mail server rejected, or that could not be delivered, in the last 30 days.", func() float64 { return float64(mails(a).Failed) }),
		counter("muster_mails_sent_total", "Mails sent by this node.", func() float64 { return float64(mails(a).Sent) }),
		counter("muster_login_failures_total", "Sign-ins that failed because of a wrong password or an unknown name.", func() float64 { return float64(a.Auth.AttackStats().LoginFailures) }),
		counter("muster_login_lockouts_total", "Lockouts that began after too many failed attempts.", func() float64 { return float64(a.Auth.AttackStats().Lockouts) }),
		counter("muster_login_throttled_total", "Attempts rejected during a lockout.", func() float64 { return float64(a.Auth.AttackStats().Throttled) }),
		counter("muster_mfa_code_failures_total", "Wrong one-time or recovery codes.", func() float64 { return float64(a.Auth.AttackStats().CodeFailures) }),
		gauge("muster_disk_free_bytes", "Free bytes on the disk of the data directory.", func() float64 { return float64(disk.State().Free) }),
		gauge("muster_disk_full", "1 while the disk is so full that only what signing in needs is stored.", func() float64 {
			if disk.State().Refusing {
				return 1
			}
			return 0
		}),
		counter("muster_cache_hits_total", "Look-ups answered by the account and session caches.", func() float64 { hits, _ := a.Core.CacheStats(); return float64(hits) }),
		counter("muster_cache_misses_total", "Look-ups that these caches did not answer.", func() float64 { _, misses := a.Core.CacheStats(); return float64(misses) }),
	)
	for _, limit := range httpx.LimitNames() {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "muster_limited_total", Help: "Requests and connections rejected by RateLimitSettings, by limit.", ConstLabels: prometheus.Labels{"limit": limit},
		}, func() float64 { return float64(limiter.Refused(limit)) }))
	}
	return m
}

// mails returns the counts of the outbox, all zero if the database does not answer.
func mails(a *services.Services) mailer.MailStats {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	m, err := a.Mailer.MailStats(ctx)
	if err != nil {
		return mailer.MailStats{}
	}
	return m
}

// record counts a request. It is the httpx.Recorder of the API and the pages.
func (m *metrics) record(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.latency.WithLabelValues(method, route).Observe(took.Seconds())
}
