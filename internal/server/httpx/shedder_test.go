package httpx

import (
	"fmt"
	"testing"
	"time"

	"muster/internal/network"
)

// A network that keeps being refused is shed for a while, and no other is.
func TestShedding(t *testing.T) {
	s := &shedder{}
	n, other, now := network.Of("192.0.2.1"), network.Of("192.0.2.2"), time.Unix(1000, 0)
	for range shedAfter - 1 {
		s.refused(n, now)
	}
	if s.sheds(n, now) {
		t.Error("shed too soon")
	}
	s.refused(n, now.Add(shedTime/2))
	if !s.sheds(n, now.Add(shedTime)) || s.sheds(other, now.Add(shedTime)) {
		t.Error("the wrong ones are shed")
	}
	if s.sheds(n, now.Add(2*shedTime)) {
		t.Error("shed for too long")
	}
	for i := range 10 * shedAfter { // refused now and then, as a busy office is
		s.refused(n, now.Add(time.Hour+time.Duration(i)*shedTime/(shedAfter/2)))
		if s.sheds(n, now.Add(time.Hour+time.Duration(i)*shedTime/(shedAfter/2))) {
			t.Fatalf("shed after %d refusals", i)
		}
	}
}

// The memory does not grow with the number of networks, and the local socket and trusted proxies, which are no network, are never shed.
func TestSheddingIsBounded(t *testing.T) {
	s := &shedder{}
	now := time.Unix(1000, 0)
	shed := 0
	for i := range 4 * shedSlots {
		n := network.Of(fmt.Sprintf("10.0.%d.%d", i>>8, i&255))
		for range shedAfter {
			s.refused(n, now)
			s.refused(network.Network{}, now)
		}
		if s.sheds(n, now) {
			shed++
		}
	}
	if shed == 0 || shed > shedSlots || s.sheds(network.Network{}, now) {
		t.Errorf("%d networks are shed", shed)
	}
}
