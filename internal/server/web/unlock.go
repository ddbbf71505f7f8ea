package web

import "muster"

const badUnlockLink = "api.user.unlock.invalid_link.app_error"

// showUnlock asks before the account is unlocked: programs that look through mail open its links too.
func showUnlock(v *visit) error {
	token := v.query("token")
	if !muster.ValidMailToken(token) {
		return v.showUnlock("", muster.E(muster.Invalid, badUnlockLink))
	}
	return v.showUnlock(token, nil)
}

func (v *visit) showUnlock(token string, refused error) error {
	return v.show(page{name: "unlock", heading: "Unlock your account", data: mailedLink{Token: token}, err: refused})
}

func unlock(v *visit) error {
	device, err := v.app.Unlock(v.ctx(), v.who, v.form.Get("token"))
	if err != nil {
		return v.showUnlock("", linkError(err, badUnlockLink))
	}
	v.cookies.SetDevice(v.w, device)
	if v.signedIn() {
		return v.goTo(accountPage + "?" + noticeParam + "=unlocked")
	}
	return v.goTo(signInPage + "?" + noticeParam + "=unlocked")
}
