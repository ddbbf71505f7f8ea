package accounts

import (
	"context"
	"slices"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

// Preferences gives what clients keep for a user, of one category if that is not "". Kind Forbidden;
// NotFound for a category without any.
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

// Preference gives one of them by category and name. Kinds: Forbidden, NotFound.
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

// UpdatePreferences keeps all of them or none. Kinds: Invalid, Forbidden, NotFound.
func (a *Accounts) UpdatePreferences(ctx context.Context, who *core.Caller, userID string, list []*muster.Preference) error {
	save := func(ctx context.Context, userID string, guard store.Guard, list []*muster.Preference) error {
		return a.store.SavePreferences(ctx, userID, guard, a.core.Config().StorageSettings.MaxPreferencesPerUser, list)
	}
	return a.changePreferences(ctx, who, userID, list, save, muster.EventPreferencesChanged)
}

// DeletePreferences removes all of them or none.
func (a *Accounts) DeletePreferences(ctx context.Context, who *core.Caller, userID string, list []*muster.Preference) error {
	return a.changePreferences(ctx, who, userID, list, a.store.DeletePreferences, muster.EventPreferencesDeleted)
}

func (a *Accounts) changePreferences(ctx context.Context, who *core.Caller, userID string, list []*muster.Preference, change func(context.Context, string, store.Guard, []*muster.Preference) error, event string) error {
	if err := a.core.RequireEdit(ctx, who, userID); err != nil {
		return err
	}
	if len(list) == 0 || len(list) > muster.MaxPreferences {
		return muster.InvalidParam("preferences")
	}
	for _, p := range list {
		if p == nil {
			return muster.InvalidParam("preferences")
		}
		if p.UserID != userID {
			return muster.E(muster.Forbidden, "api.preference.update_preferences.set.app_error")
		}
		if err := p.Validate(); err != nil {
			return err
		}
	}
	if _, err := a.core.User(ctx, userID); err != nil {
		return err
	}
	guard, err := a.core.Guard(ctx, who, userID)
	if err != nil {
		return err
	}
	if err := change(ctx, userID, guard, list); err != nil {
		return err
	}
	a.core.Publish(event, map[string]any{"preferences": core.JsonText(list)}, muster.Audience{UserID: userID})
	return nil
}
