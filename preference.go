package muster

// Limits of a Preference, from the columns of the reference server's database.
const (
	PreferenceNameMaxBytes  = 32
	PreferenceValueMaxBytes = 20000
	MaxPreferences          = 100 // in one request
)

// Preference is a setting that a client stores for a user.
type Preference struct {
	UserID   string `json:"user_id"`
	Category string `json:"category"`
	Name     string `json:"name"`
	Value    string `json:"value"`
}

// Validate checks ids and lengths. The error is of kind Invalid.
func (p *Preference) Validate() error {
	switch {
	case !ValidID(p.UserID):
		return E(Invalid, "model.preference.is_valid.id.app_error").On("user_id")
	case p.Category == "" || !validText(p.Category, PreferenceNameMaxBytes):
		return E(Invalid, "model.preference.is_valid.category.app_error").On("category")
	case !validText(p.Name, PreferenceNameMaxBytes):
		return E(Invalid, "model.preference.is_valid.name.app_error").On("name")
	case len(p.Value) > PreferenceValueMaxBytes || !storable(p.Value):
		return E(Invalid, "model.preference.is_valid.value.app_error").On("value")
	}
	return nil
}
