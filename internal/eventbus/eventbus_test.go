package eventbus

import (
	"slices"
	"testing"

	"muster"
)

func TestSubscribersHearInOrderUntilTheyCancel(t *testing.T) {
	var b Bus
	var heard []string
	b.Publish(muster.Event{Name: "nobody listens"})
	cancel := b.Subscribe(func(e muster.Event) { heard = append(heard, "a"+e.Name) })
	b.Subscribe(func(e muster.Event) { heard = append(heard, "b"+e.Name) })
	b.Publish(muster.Event{Name: "1"})
	cancel()
	b.Publish(muster.Event{Name: "2"})
	if want := []string{"a1", "b1", "b2"}; !slices.Equal(heard, want) {
		t.Fatalf("heard %v, want %v", heard, want)
	}
}
