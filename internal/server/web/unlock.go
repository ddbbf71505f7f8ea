package web

import "muster"

const badUnlockLink = "api.user.unlock.invalid_link.app_error"

// showUnlock asks before it unlocks the account, because mail scanners open mailed links, too.
func showUnlock(req *pageRequest) error {
	token := req.query("token")
	if !muster.ValidMailToken(token) {
		return req.showUnlock("", muster.E(muster.Invalid, badUnlockLink))
	}
	return req.showUnlock(token, nil)
}

func (req *pageRequest) showUnlock(token string, formErr error) error {
	return req.show(page{name: "unlock", heading: "Unlock your account", data: mailedLink{Token: token}, err: formErr})
}

func unlock(req *pageRequest) error {
	device, err := req.services.Auth.Unlock(req.ctx(), req.who, req.form.Get("token"))
	if err != nil {
		return req.showUnlock("", linkError(err, badUnlockLink))
	}
	req.cookies.SetDevice(req.w, device)
	if req.signedIn() {
		return req.redirectToPage(accountPage + "?" + flashParam + "=unlocked")
	}
	return req.redirectToPage(loginPage + "?" + flashParam + "=unlocked")
}
