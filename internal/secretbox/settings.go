package secretbox

import (
	"context"
	"fmt"
	"strings"

	"muster/internal/config"
)

// EncryptedSettings is a config.Loader that decrypts what Store loads: settings hold passwords of other servers.
type EncryptedSettings struct {
	Box   *Box
	Store config.Loader
}

const settingsPurpose = "settings"

// LoadSettings loads and decrypts the settings.
func (s EncryptedSettings) LoadSettings(ctx context.Context) (config.Stored, error) {
	stored, err := s.Store.LoadSettings(ctx)
	if err != nil {
		return config.Stored{}, err
	}
	return s.Box.DecryptSettings(stored)
}

// EncryptSettings encrypts a document of settings.
func (b *Box) EncryptSettings(document []byte) []byte {
	return []byte(b.Encrypt(string(document), settingsPurpose))
}

// DecryptSettings decrypts stored settings. A document without the prefix comes from an earlier version, which stored it in clear text.
func (b *Box) DecryptSettings(stored config.Stored) (config.Stored, error) {
	if !strings.HasPrefix(string(stored.Document), prefix) {
		return stored, nil
	}
	text, err := b.Decrypt(string(stored.Document), settingsPurpose)
	if err != nil {
		return config.Stored{}, fmt.Errorf("settings: %w", err)
	}
	stored.Document = []byte(text)
	return stored, nil
}
