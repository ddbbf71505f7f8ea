// Package attack attacks a running server as a stranger, a user or an administrator with too much curiosity would, and asserts that the attack
// fails: one test for each finding of a review, on both databases. docs/security-model.md names the promise that each test holds.
package attack
