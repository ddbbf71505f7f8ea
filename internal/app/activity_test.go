package app

import (
	"fmt"
	"testing"
)

func TestRememberedActivityIsBounded(t *testing.T) {
	a := newActivity()
	for i := range activityMax + 10 {
		a.saw(fmt.Sprint(i), "u", hour)
	}
	if len(a.seen) != activityMax {
		t.Fatalf("%d sessions are remembered", len(a.seen))
	}
	if due := a.due(hour, false); len(due) != activityMax || len(a.seen) != 0 {
		t.Fatalf("%d are written, %d stay", len(due), len(a.seen))
	}
	if a.saw("new", "u", hour); a.last("new") != hour {
		t.Fatal("a session after the write is not remembered")
	}
}
