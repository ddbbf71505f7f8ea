// Package muster defines the domain of a Muster server: users, sessions, teams, channels, groups, permissions, events and errors, with their
// limits and validation. It only imports the standard library, so clients can import it.
//
// JSON field names, limits and error ids are the reference server's (Mattermost 9.9). Comments name the file of facts that a rule is from.
package muster
