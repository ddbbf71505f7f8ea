package auth_test

import (
	"testing"
	"testing/synctest"

	"muster/internal/auth"
)

func TestWaitingForAnAttemptThatIsNeverDecidedEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if again, err := auth.AwaitUndecided(t.Context()); again || err != nil {
			t.Fatal(again, err)
		}
	})
}
