package secretbox

import (
	"context"
	"fmt"
	"muster/internal/config"
	"strings"

	"muster"
)

// EncryptedSettings is a config.Saver that encrypts what Store stores, since settings hold passwords of other servers.
type EncryptedSettings struct {
	Box   *Box
	Store config.Saver
}

const settingsPurpose = "settings"

// LoadSettings loads and decrypts the settings.
func (s EncryptedSettings) LoadSettings(ctx context.Context) (config.Stored, error) {
	stored, err := s.Store.LoadSettings(ctx)
	if err != nil {
		return stored, err
	}
	return s.decrypt(stored)
}

// ChangeSettings decrypts the settings for change and encrypts what it returns.
func (s EncryptedSettings) ChangeSettings(ctx context.Context, change func(config.Stored) ([]byte, []*muster.Audit, error)) (version int64, err error) {
	return s.Store.ChangeSettings(ctx, func(stored config.Stored) ([]byte, []*muster.Audit, error) {
		stored, err := s.decrypt(stored)
		if err != nil {
			return nil, nil, err
		}
		document, audits, err := change(stored)
		if err != nil || document == nil {
			return nil, audits, err
		}
		return []byte(s.Box.Encrypt(string(document), settingsPurpose)), audits, nil
	})
}

// decrypt decrypts the stored document. A document without the prefix comes from an earlier version, which stored it in clear text.
func (s EncryptedSettings) decrypt(stored config.Stored) (config.Stored, error) {
	if !strings.HasPrefix(string(stored.Document), prefix) {
		return stored, nil
	}
	text, err := s.Box.Decrypt(string(stored.Document), settingsPurpose)
	if err != nil {
		return config.Stored{}, fmt.Errorf("settings: %w", err)
	}
	stored.Document = []byte(text)
	return stored, nil
}
