// Package muster defines what a Muster server keeps and sends: users, sessions, teams, channels, groups, permissions, events and errors. It imports
// the standard library alone, so that clients can import it.
package muster
