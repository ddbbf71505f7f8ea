package store

import (
	"context"
	"slices"
)

// listedMembersMax is the size up to which a channel's or team's members are listed, to find the connected users among them. In a larger one the
// connected users are looked up.
const listedMembersMax = 5000

// MembersOfChannelAmong returns those of the users who are in a channel.
func (s *Store) MembersOfChannelAmong(ctx context.Context, channelID string, userIDs []string) ([]string, error) {
	return s.among(ctx, membersOfChannel, channelID, userIDs)
}

// MembersOfTeamAmong returns those of the users who are in a team.
func (s *Store) MembersOfTeamAmong(ctx context.Context, teamID string, userIDs []string) ([]string, error) {
	return s.among(ctx, membersOfTeam, teamID, userIDs)
}

// ContactsAmong returns those of the users who share a channel with an account, or are it.
func (s *Store) ContactsAmong(ctx context.Context, userID string, userIDs []string) ([]string, error) {
	contacts, err := s.among(ctx, "SELECT DISTINCT user_id FROM ("+peopleOfViewer+") p WHERE TRUE", userID, userIDs)
	if err == nil && slices.Contains(userIDs, userID) && !slices.Contains(contacts, userID) {
		contacts = append(contacts, userID)
	}
	return contacts, err
}

// among narrows users to those in a set, a SELECT of user_id that takes one argument and ends in a condition.
func (s *Store) among(ctx context.Context, set, id string, userIDs []string) ([]string, error) {
	if len(userIDs) > idsPerQuery {
		rows, err := s.query(ctx, set+" LIMIT ?", id, listedMembersMax+1)
		members, err := collect(rows, err, scanString)
		if err != nil {
			return nil, err
		}
		if len(members) <= listedMembersMax {
			return intersection(members, userIDs), nil
		}
	}
	out := []string{}
	for chunk := range slices.Chunk(userIDs, idsPerQuery) {
		rows, err := s.query(ctx, set+" AND user_id IN ("+placeholders(len(chunk))+")", append([]any{id}, toArgs(chunk)...)...)
		found, err := collect(rows, err, scanString)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

func intersection(a, b []string) []string {
	in := make(map[string]bool, len(a))
	for _, id := range a {
		in[id] = true
	}
	out := []string{}
	for _, id := range b {
		if in[id] {
			out = append(out, id)
		}
	}
	return out
}
