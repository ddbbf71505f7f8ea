package live_test

import (
	"bufio"
	"fmt"
	"net"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"muster/internal/live"
	"muster/internal/mustertest"
)

func TestIdleMeasure(t *testing.T) {
	s := mustertest.New(t)
	d := open(t, s, live.Options{Limits: live.Limits{PerUser: 10000}})
	ann, annUser := d.User(t, "ann")
	addr := strings.TrimPrefix(d.url, "http://")
	const n = 5000
	mem := func() (uint64, uint64, uint64) {
		debug.FreeOSMemory()
		time.Sleep(300 * time.Millisecond)
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse, m.StackInuse, m.Sys - m.HeapReleased
	}
	h0, s0, y0 := mem()
	conns := make([]net.Conn, 0, n)
	start := time.Now()
	for range n {
		c, err := net.Dial("tcp", addr)
		must(t, err)
		fmt.Fprintf(c, "GET /api/v4/websocket HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer %s\r\n\r\n", addr, ann.Token())
		r := bufio.NewReaderSize(c, 16)
		for {
			l, err := r.ReadString('\n')
			must(t, err)
			if l == "\r\n" {
				break
			}
		}
		conns = append(conns, c)
	}
	fmt.Println("open", time.Since(start))
	h1, s1, y1 := mem()
	fmt.Printf("per conn: heap %d stack %d sys %d\n", (h1-h0)/n, (s1-s0)/n, (y1-y0)/n)
	start = time.Now()
	before := d.hub.Stats().EventsSent
	for i := range 20 {
		mark(t, ann, annUser.ID, fmt.Sprint(i))
	}
	eventually(t, "sent", func() bool { return d.hub.Stats().EventsSent >= before+20*n })
	fmt.Println("20 events x 5000:", time.Since(start), d.hub.Stats())
	h1, s1, y1 = mem()
	fmt.Printf("after: heap %d stack %d sys %d\n", (h1-h0)/n, (s1-s0)/n, (y1-y0)/n)
	for _, c := range conns {
		c.Close()
	}
	runtime.KeepAlive(conns)
}
