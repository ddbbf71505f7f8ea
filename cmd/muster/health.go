package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"muster/internal/diskspace"
	"muster/internal/server/httpx"
)

// internalServer is an HTTP server that the public can't reach, with its address.
type internalServer struct {
	*http.Server
	addr net.Addr
}

// startMetricsServer serves /healthz, /readyz and /metrics. It returns nil without an address. If the address is in use it only logs an error, because
// people must be able to sign in all the same.
func (s *server) startMetricsServer(address string) *internalServer {
	if address == "" {
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		s.log.Error("can't listen on MetricsSettings.ListenAddress: health and metrics are not served", "error", err)
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}))
	internal := &internalServer{httpx.NewServer(mux, s.log, httpx.Timeouts{}), l.Addr()}
	go func() {
		if err := internal.Serve(httpx.Listen(l, nil, httpx.Timeouts{})); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("serve health and metrics", "error", err)
		}
	}()
	return internal
}

// readyz tells a load balancer whether to send requests here: not while the server shuts down, and not without the database. The body mentions a disk that
// fills up and a proxy that is not trusted; the status stays 200 then, because people can still sign in.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	if !s.ready.Load() {
		http.Error(w, "not serving", http.StatusServiceUnavailable)
		return
	}
	if err := s.store.Ping(r.Context()); err != nil {
		s.log.Error("ping the database", "error", err)
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, readiness(s.disk.State(), s.limiter.UntrustedProxy()))
}

// readiness returns the body of /readyz.
func readiness(disk diskspace.State, untrustedProxy string) string {
	switch {
	case disk.Refusing:
		return fmt.Sprintf("ready, but the disk is nearly full (%d MiB free): only what signing in needs is stored", disk.Free>>20)
	case disk.Low:
		return fmt.Sprintf("ready, but the disk is filling up (%d MiB free)", disk.Free>>20)
	case untrustedProxy != "":
		return fmt.Sprintf("ready, but there seems to be a proxy at %s that ServiceSettings.TrustedProxies does not name: all clients behind it share the limits of one network", untrustedProxy)
	}
	return "ready"
}
