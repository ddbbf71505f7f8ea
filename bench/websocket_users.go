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
		if _, _, err := db.JoinTeam(ctx, teamID, []string{u.ID}, nil, 0); err != nil {
			return nil, err
		}
		_, err = db.JoinChannel(ctx, []*muster.ChannelMember{{ChannelID: channelID, UserID: u.ID, NotifyProps: muster.DefaultChannelNotifyProps()}})
		if err != nil {
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
	return t.ID, db.CreateTeam(ctx, t, nil, nil)
}

func benchChannel(ctx context.Context, db *store.Store, teamID string) (id string, err error) {
	now := time.Now().UnixMilli()
	c := &muster.Channel{ID: muster.NewID(), CreateAt: now, UpdateAt: now, TeamID: teamID, Type: muster.ChannelPrivate, Name: "bench" + muster.NewID(), DisplayName: "Bench"}
	_, _, err = db.CreateChannel(ctx, c, nil)
	return c.ID, err
}

func session(ctx context.Context, db *store.Store, u *muster.User) (token string, err error) {
	token = muster.NewID()
	hash := sha256.Sum256([]byte(token))
	now := time.Now().UnixMilli()
	s := &muster.Session{
		ID: muster.NewID(), UserID: u.ID, Roles: u.Roles, CreateAt: now, LastActivityAt: now, ExpiresAt: now + time.Hour.Milliseconds(), Props: map[string]string{},
	}
	_, err = db.CreateSession(ctx, s, hash[:], store.SessionOptions{LastLogin: now, WithoutPassword: true})
	return token, err
}
