package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"muster/internal/app"
	"muster/internal/diskspace"
	"muster/internal/server/httpx"
	"muster/internal/server/ws"
	"muster/internal/store"
)

const scrapeTimeout = 2 * time.Second // for figures that come from the database

// metrics are the figures that /metrics shows.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
}

func newMetrics(db *store.Store, a *app.App, hub *ws.Hub, limiter *httpx.Limiter, disk *diskspace.Watcher) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_http_requests_total", Help: "Requests answered, by method, route and status.",
		}, []string{"method", "route", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "muster_http_request_seconds", Help: "Time to answer, by method and route.",
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
		gauge("muster_db_connections_open", "Database connections open.", func() float64 { return float64(db.Stats().OpenConnections) }),
		gauge("muster_db_connections_in_use", "Database connections in use.", func() float64 { return float64(db.Stats().InUse) }),
		counter("muster_db_waits_total", "Times that a request waited for a database connection.", func() float64 { return float64(db.Stats().WaitCount) }),
		counter("muster_db_wait_seconds_total", "Time spent waiting for database connections.", func() float64 { return db.Stats().WaitDuration.Seconds() }),
		gauge("muster_websocket_connections", "WebSockets open.", func() float64 { return float64(hub.Stats().Connections) }),
		gauge("muster_websocket_away", "WebSockets that their clients lost and may resume.", func() float64 { return float64(hub.Stats().Away) }),
		counter("muster_websocket_events_total", "Events sent, counted for each connection.", func() float64 { return float64(hub.Stats().EventsSent) }),
		counter("muster_websocket_events_dropped_total", "Events that a connection did not get: a queue was full.", func() float64 { return float64(hub.Stats().EventsDropped) }),
		gauge("muster_mails_waiting", "Mails in the outbox that wait to be sent, on all nodes.", func() float64 { return float64(mails(a).Waiting) }),
		gauge("muster_mails_set_aside", "Mails in the outbox that were refused for good or given up in the last 30 days.", func() float64 { return float64(mails(a).SetAside) }),
		counter("muster_mails_sent_total", "Mails that this node sent.", func() float64 { return float64(mails(a).Sent) }),
		counter("muster_login_failures_total", "Sign-ins refused for a wrong password or a name that nobody has.", func() float64 { return float64(a.AttackStats().LoginFailures) }),
		counter("muster_login_lockouts_total", "Delays that began after too many failed attempts.", func() float64 { return float64(a.AttackStats().Lockouts) }),
		counter("muster_login_throttled_total", "Attempts refused during such a delay.", func() float64 { return float64(a.AttackStats().Throttled) }),
		counter("muster_mfa_code_failures_total", "Wrong one-time and recovery codes.", func() float64 { return float64(a.AttackStats().CodeFailures) }),
		gauge("muster_disk_free_bytes", "Bytes free on the disk of the data directory.", func() float64 { return float64(disk.State().Free) }),
		gauge("muster_disk_refusing", "1 while the disk is so full that nothing is kept that is not needed to sign in.", func() float64 {
			if disk.State().Refusing {
				return 1
			}
			return 0
		}),
		counter("muster_cache_hits_total", "Look-ups that the account and sign-in caches answered.", func() float64 { hits, _ := a.CacheStats(); return float64(hits) }),
		counter("muster_cache_misses_total", "Look-ups that went to the database.", func() float64 { _, misses := a.CacheStats(); return float64(misses) }),
	)
	for _, limit := range httpx.LimitNames() {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "muster_limited_total", Help: "Requests and connections that a limit of RateLimitSettings refused, by limit.", ConstLabels: prometheus.Labels{"limit": limit},
		}, func() float64 { return float64(limiter.Refused(limit)) }))
	}
	return m
}

// mails gives the figures of the outbox, none while the database does not answer.
func mails(a *app.App) app.MailStats {
	ctx, done := context.WithTimeout(context.Background(), scrapeTimeout)
	defer done()
	m, err := a.MailStats(ctx)
	if err != nil {
		return app.MailStats{}
	}
	return m
}

// record counts one request; it is the API's Recorder.
func (m *metrics) record(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.latency.WithLabelValues(method, route).Observe(took.Seconds())
}

// sideServer is the listener for operators, apart from the API.
type sideServer struct {
	*http.Server
	addr net.Addr
}

// sideListener serves /healthz, /readyz and /metrics; nil without an address. People must be able to sign in
// even where the address is taken, so that is only an error in the log.
func (s *server) sideListener(address string) *sideServer {
	if address == "" {
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		s.log.Error("no health and metrics: MetricsSettings.ListenAddress can't be used", "error", err)
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}))
	side := &sideServer{httpx.NewServer(mux, s.log, httpx.Timeouts{}), l.Addr()}
	go func() {
		if err := side.Serve(httpx.Listen(l, nil, httpx.Timeouts{})); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("health and metrics listener", "error", err)
		}
	}()
	return side
}

// readyz tells a load balancer whether to send requests here: not while draining, nor without the database. A disk that fills up and a
// proxy that is not trusted are told of in the body: people can still sign in, and elsewhere they could not.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	if !s.ready.Load() {
		http.Error(w, "not serving", http.StatusServiceUnavailable)
		return
	}
	if err := s.store.Ping(r.Context()); err != nil {
		s.log.Error("database does not answer", "error", err)
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, readiness(s.disk.State(), s.limiter.UntrustedProxy()))
}

func readiness(disk diskspace.State, untrustedProxy string) string {
	switch {
	case disk.Refusing:
		return fmt.Sprintf("ready, but the disk is nearly full (%d MiB free): what is not needed to sign in is refused", disk.Free>>20)
	case disk.Low:
		return fmt.Sprintf("ready, but the disk is filling up (%d MiB free)", disk.Free>>20)
	case untrustedProxy != "":
		return fmt.Sprintf("ready, but there seems to be a proxy at %s that ServiceSettings.TrustedProxies does not name: all who come through it share the limits of one network", untrustedProxy)
	}
	return "ready"
}
