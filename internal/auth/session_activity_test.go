package auth

import (
	"fmt"
	"testing"

	"muster/internal/core"
)

func TestRememberedActivityIsBounded(t *testing.T) {
	a := newActivity()
	for i := range activityMax + 10 {
		a.saw(fmt.Sprint(i), "u", core.Hour)
	}
	if len(a.seen) != activityMax {
		t.Fatalf("%d sessions are remembered", len(a.seen))
	}
	if due := a.due(core.Hour, false); len(due) != activityMax || len(a.seen) != 0 {
		t.Fatalf("%d are written, %d stay", len(due), len(a.seen))
	}
	if a.saw("new", "u", core.Hour); a.last("new") != core.Hour {
		t.Fatal("a session after the write is not remembered")
	}
}
