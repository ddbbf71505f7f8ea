package app_test

import (
	"testing"
	"testing/synctest"

	"muster/internal/app"
)

func TestWaitingForAnAttemptThatIsNeverDecidedEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if again, err := app.AwaitUndecided(t.Context()); again || err != nil {
			t.Fatal(again, err)
		}
	})
}
