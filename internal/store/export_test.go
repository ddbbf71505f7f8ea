package store

import "testing"

// LimitCandidates makes a small directory behave as a large one: prefixes that more than n terms share are walked.
func LimitCandidates(t *testing.T, n int) {
	old := candidateMax
	candidateMax = n
	t.Cleanup(func() { candidateMax = old })
}

// LinkRequestsAsker is how many requests of one asker wait at a time.
const LinkRequestsAsker = linkRequestsAsker
