package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"muster"
	"muster/internal/store"
)

// channelSize is the number of members of each channel.
const channelSize = 50

// listener is a user with a session and a channel.
type listener struct{ token, channelID string }

// createListeners creates sessions for n users of a seeded directory, without their passwords, and adds the users to channels of channelSize. With
// SQLite, the server must not be running.
func createListeners(ctx context.Context, o store.Options, n int) (list []listener, err error) {
	db, err := store.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	teamID, err := benchTeam(ctx, db)
	if err != nil {
		return nil, err
	}
	var channelID string
	for i := range n {
		if i%channelSize == 0 {
			if channelID, err = benchChannel(ctx, db, teamID); err != nil {
				return nil, err
			}
		}
		_, _, name := userNames(i)
		u, err := db.UserByUsername(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		token, err := session(ctx, db, u)
		if err != nil {
			return nil, err
		}
		if err := join(ctx, db, teamID, channelID, u.ID); err != nil {
			return nil, err
		}
		list = append(list, listener{token, channelID})
	}
	return list, nil
}

func benchTeam(ctx context.Context, db *store.Store) (id string, err error) {
	now := time.Now().UnixMilli()
	t := &muster.Team{
		ID: muster.NewID(), CreateAt: now, UpdateAt: now, DisplayName: "Bench", Name: "bench" + muster.NewID(), Type: muster.TeamInvite, InviteID: muster.NewID(),
	}
	return t.ID, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertTeam(ctx, t) })
}

func join(ctx context.Context, db *store.Store, teamID, channelID, userID string) error {
	return db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LockUsers(ctx, userID); err != nil {
			return err
		}
		if _, err := tx.TeamForUpdate(ctx, teamID); err != nil {
			return err
		}
		if _, err := tx.JoinTeam(ctx, &muster.TeamMember{TeamID: teamID, UserID: userID}); err != nil {
			return err
		}
		_, err := tx.JoinChannel(ctx, &muster.ChannelMember{ChannelID: channelID, UserID: userID, NotifyProps: muster.DefaultChannelNotifyProps()})
		return err
	})
}

func benchChannel(ctx context.Context, db *store.Store, teamID string) (id string, err error) {
	now := time.Now().UnixMilli()
	c := &muster.Channel{ID: muster.NewID(), CreateAt: now, UpdateAt: now, TeamID: teamID, Type: muster.ChannelPrivate, Name: "bench" + muster.NewID(), DisplayName: "Bench"}
	return c.ID, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertChannel(ctx, c) })
}

func session(ctx context.Context, db *store.Store, u *muster.User) (token string, err error) {
	token = muster.NewID()
	hash := sha256.Sum256([]byte(token))
	now := time.Now().UnixMilli()
	s := &muster.Session{
		ID: muster.NewID(), UserID: u.ID, Roles: u.Roles, CreateAt: now, LastActivityAt: now, ExpiresAt: now + time.Hour.Milliseconds(), Props: map[string]string{},
	}
	return token, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertSession(ctx, s, hash[:]) })
}
