package system

import (
	"context"

	"muster"
	"muster/internal/config"
	"muster/internal/core"
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

// PatchSettings changes some settings, in force at once and after a restart; needs manage_system.
// patch is a JSON object of sections, ifMatch the entity tags of which one must be that of the settings, none for any. Kind Invalid says what is
// wrong, kind Conflict that somebody else was faster.
func (s *System) PatchSettings(ctx context.Context, who *core.Caller, patch []byte, ifMatch []string) (*config.Config, error) {
	if err := s.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	c, err := s.config.Patch(ctx, config.Patch{Body: patch, IfMatch: ifMatch, Audit: func(changes []config.Change) *muster.Audit {
		return s.core.AuditSelf(who, config.Describe(changes))
	}})
	if err != nil {
		return nil, err
	}
	if !c.GuestAccountsSettings.Enable { // whatever it was: an earlier try may not have come to its end
		if err := s.accounts.DeactivateGuests(context.WithoutCancel(ctx), who); err != nil {
			return nil, err
		}
	}
	s.core.Publish(muster.EventConfigChanged, map[string]any{"config": config.ClientConfig(c, true)}, muster.Audience{})
	return c.Masked(), nil
}

// ClientSettings is what a client is told of the settings; more of them with a sign-in.
func (s *System) ClientSettings(who *core.Caller) map[string]string {
	return config.ClientConfig(s.core.Config(), who.Session != nil)
}
