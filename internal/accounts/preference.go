package accounts

import (
	"context"
	"slices"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// Preferences returns a user's preferences, of one category unless it is "". Kinds: Forbidden; NotFound for a category without any.
func (a *Accounts) Preferences(ctx context.Context, who *core.Caller, userID, category string) ([]*muster.Preference, error) {
	if err := a.core.RequireEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	list, err := a.store.Preferences(ctx, userID)
	if err != nil || category == "" {
		return list, err
	}
	list = slices.DeleteFunc(list, func(p *muster.Preference) bool { return p.Category != category })
	if len(list) == 0 {
		return nil, muster.E(muster.NotFound, "api.preference.preferences_category.get.app_error")
	}
	return list, nil
}

// Preference returns a user's preference of a category and name. Kinds: Forbidden, NotFound.
func (a *Accounts) Preference(ctx context.Context, who *core.Caller, userID, category, name string) (*muster.Preference, error) {
	list, err := a.Preferences(ctx, who, userID, "")
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		if p.Category == category && p.Name == name {
			return p, nil
		}
	}
	return nil, muster.E(muster.NotFound, "app.preference.get.app_error")
}

// UpdatePreferences saves all of a user's preferences in the list or none. Kinds: Invalid, Forbidden, NotFound.
func (a *Accounts) UpdatePreferences(ctx context.Context, who *core.Caller, userID string, list []*muster.Preference) error {
	may, err := a.requireChangePreferences(ctx, who, userID, list)
	if err != nil {
		return err
	}
	limit := a.core.Config().StorageSettings.MaxPreferencesPerUser
	return a.store.WriteGrowing(ctx, func(tx *store.Tx) error {
		if err := may.RequireActOnUser(ctx, tx, userID); err != nil {
			return err
		}
		publishPreferences(tx, muster.EventPreferencesChanged, userID, list)
		return tx.SavePreferences(ctx, userID, limit, list)
	})
}

// DeletePreferences removes all of a user's preferences in the list or none. Kinds: Invalid, Forbidden, NotFound.
func (a *Accounts) DeletePreferences(ctx context.Context, who *core.Caller, userID string, list []*muster.Preference) error {
	may, err := a.requireChangePreferences(ctx, who, userID, list)
	if err != nil {
		return err
	}
	return a.store.Write(ctx, func(tx *store.Tx) error {
		if err := may.RequireActOnUser(ctx, tx, userID); err != nil {
			return err
		}
		publishPreferences(tx, muster.EventPreferencesDeleted, userID, list)
		return tx.DeletePreferences(ctx, userID, list)
	})
}

// requireChangePreferences refuses a change of preferences that the caller may not make or that is not valid. It returns what the caller may do to the
// account.
func (a *Accounts) requireChangePreferences(ctx context.Context, who *core.Caller, userID string, list []*muster.Preference) (*core.Authority, error) {
	if err := a.core.RequireEdit(ctx, who, userID); err != nil {
		return nil, err
	}
	if len(list) == 0 || len(list) > muster.MaxPreferences {
		return nil, muster.InvalidParam("preferences")
	}
	for _, p := range list {
		if p == nil {
			return nil, muster.InvalidParam("preferences")
		}
		if p.UserID != userID {
			return nil, muster.E(muster.Forbidden, "api.preference.update_preferences.set.app_error")
		}
		if err := p.Validate(); err != nil {
			return nil, err
		}
	}
	if _, err := a.core.User(ctx, userID); err != nil {
		return nil, err
	}
	return a.core.AuthorityOver(ctx, who, userID)
}

// publishPreferences tells a user's clients of preferences that changed.
func publishPreferences(tx *store.Tx, event, userID string, list []*muster.Preference) {
	tx.Publish(muster.Event{Name: event, Data: map[string]any{"preferences": core.JSONText(list)}, Audience: muster.Audience{UserID: userID}})
}
