package eventbus

import (
	"slices"
	"testing"

	"muster"
)

func TestSubscribersAreCalledInOrderUntilTheyCancel(t *testing.T) {
	var b Bus
	var got []string
	b.Publish(muster.Event{Name: "no subscriber"})
	cancel := b.Subscribe(func(e muster.Event) { got = append(got, "a"+e.Name) })
	b.Subscribe(func(e muster.Event) { got = append(got, "b"+e.Name) })
	b.Publish(muster.Event{Name: "1"})
	cancel()
	b.Publish(muster.Event{Name: "2"})
	if want := []string{"a1", "b1", "b2"}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}
