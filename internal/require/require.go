// Package require has assertions that stop a test.
package require

import "testing"

// NoError fails and stops the test if err is not nil.
func NoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
