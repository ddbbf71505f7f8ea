// Package require stops a test that can't go on.
package require

import "testing"

// NoError fails the test at once if err is not nil.
func NoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
