package system

import (
	"context"

	"muster"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/store"
)

// Settings returns the settings in force, secrets masked, with the entity tag that a change of them can name; needs manage_system.
func (s *System) Settings(ctx context.Context, who *core.Caller) (c *config.Config, tag string, err error) {
	if err := s.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, "", err
	}
	if err := s.config.Refresh(ctx); err != nil {
		return nil, "", err
	}
	c, tag = s.config.CurrentWithETag()
	return c.Masked(), tag, nil
}

// PatchSettings changes settings, in force at once and after a restart; needs manage_system. body is a JSON object of sections. ifMatch are entity tags, one
// of which must be that of the settings; none for any. Kind Invalid says what is wrong, kind Conflict that somebody else changed them first.
func (s *System) PatchSettings(ctx context.Context, who *core.Caller, body []byte, ifMatch []string) (*config.Config, error) {
	if err := s.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	patch, err := config.ParsePatch(body, ifMatch)
	if err != nil {
		return nil, err
	}
	c, err := s.saveSettings(ctx, who, patch)
	if err != nil {
		return nil, err
	}
	if !c.GuestAccountsSettings.Enable { // even if the patch did not change it: an earlier attempt may have been interrupted
		if err := s.accounts.DeactivateGuests(context.WithoutCancel(ctx), who); err != nil {
			return nil, err
		}
	}
	return c.Masked(), nil
}

// saveSettings decides a patch on the stored settings, which another node may have changed, saves the result and returns the settings then in force.
func (s *System) saveSettings(ctx context.Context, who *core.Caller, patch *config.Patch) (c *config.Config, err error) {
	var before config.Stored
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		stored, err := tx.SettingsForUpdate(ctx)
		if err != nil {
			return err
		}
		if before, err = s.secrets.DecryptSettings(stored); err != nil {
			return err
		}
		edit, err := s.config.Apply(before, patch)
		if err != nil {
			return err
		}
		if edit.Document != nil {
			if err := tx.SaveSettings(ctx, s.secrets.EncryptSettings(edit.Document)); err != nil {
				return err
			}
		}
		c = edit.Config
		tx.Publish(muster.Event{Name: muster.EventConfigChanged, Data: map[string]any{"config": config.ClientConfig(c, true)}})
		return tx.Audit(ctx, s.core.AuditSelf(who, config.Describe(edit.Changes)))
	})
	if stale := s.config.Follow(before); stale != nil { // what another node changed comes into force even if the patch was refused
		return nil, stale
	}
	return c, err
}

// followSettings puts the settings in force that a transaction saved, before its events are delivered.
func (s *System) followSettings(ch store.Changes) {
	if ch.Settings == nil {
		return
	}
	stored, err := s.secrets.DecryptSettings(*ch.Settings)
	if err == nil {
		err = s.config.Follow(stored)
	}
	if err != nil {
		s.log.Error("put saved settings in force", "error", err)
	}
}

// ClientSettings returns the settings that clients need, more of them for a caller with a session.
func (s *System) ClientSettings(who *core.Caller) map[string]string {
	return config.ClientConfig(s.core.Config(), who.Session != nil)
}
