package web

// accountRoutes are the pages of one's own account.
var accountRoutes = []route{
	{path: accountPage, get: showProfile, access: signedIn},
}

func showProfile(v *visit) error {
	return v.show(page{name: "account", heading: "Your account"})
}
