package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"

	"muster"
	"muster/internal/core"
	"muster/internal/store"
)

const (
	badCWSToken       = "api.user.login_by_cws.invalid_token.app_error"
	cwsTokenMaxLength = 1024 // bytes
)

// LoginCWS signs an account in once by the secret that this server shares with the control plane that hosts it (CloudSettings.CWSToken), so that
// whoever ordered the server gets in. The secret is good once, also for a wrong account. Kind Unauthenticated while no secret is set,
// Invalid for a wrong or used one.
func (a *Auth) LoginCWS(ctx context.Context, who *core.Caller, loginID, token string) (*muster.Session, error) {
	secret := a.core.Config().CloudSettings.CWSToken
	if secret == "" {
		return nil, muster.E(muster.Unauthenticated, "api.user.login_cws.license.error")
	}
	given, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(secret))
	if len(token) > cwsTokenMaxLength || subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		return nil, muster.E(muster.Invalid, badCWSToken)
	}
	var first bool
	err := a.store.Write(ctx, func(tx *store.Tx) (err error) {
		first, err = tx.UseOnce(ctx, muster.TokenCWS, given[:])
		return err
	})
	if err != nil {
		return nil, err
	}
	if !first {
		a.log.Warn("the control plane's token was used again: set a fresh CloudSettings.CWSToken", "ip", who.IP)
		return nil, muster.E(muster.Invalid, badCWSToken)
	}
	u, err := a.userForLogin(ctx, LoginRequest{LoginID: loginID})
	if errors.Is(err, store.ErrNotFound) {
		return nil, muster.E(muster.Invalid, badCWSToken)
	}
	if err != nil {
		return nil, err
	}
	if err := a.requireLoginAllowed(u); err != nil {
		return nil, err
	}
	return a.startSession(ctx, who, u, "", proof{withoutPassword: true})
}
