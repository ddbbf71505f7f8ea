package attack_test

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"

	"muster/client"
	"muster/internal/require"
	"muster/internal/store"
	"muster/internal/testserver"
)

const badCode = "api.user.check_user_mfa.bad_code.app_error"

func signInWith(t *testing.T, s *testserver.Server, name, code string) error {
	t.Helper()
	_, err := s.Client().LoginWith(t.Context(), client.Credentials{LoginID: name, Password: testserver.Password, Code: code})
	return err
}

// Before, nobody was told that a recovery code was used, or how many were left, and people who read "o" as zero were locked out.
func TestRecoveryCodesAreCountedAndReplaced(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, allOn)
		ann, _ := s.User(t, "ann")
		_, err := ann.RecoveryCodesLeft(ctx)
		refusedWith(t, "codes without a second factor", err, http.StatusBadRequest, "app.mfa.not_active.app_error")
		old := twoStep(t, ann)
		misread := strings.ToUpper(strings.NewReplacer("o", "0", "1", "l").Replace(old[0]))
		require.NoError(t, signInWith(t, s, "ann", misread))
		refusedWith(t, "a code twice", signInWith(t, s, "ann", old[0]), http.StatusUnauthorized, badCode)
		if left, err := ann.RecoveryCodesLeft(ctx); err != nil || left != 9 {
			t.Fatalf("%d codes are left: %v", left, err)
		}
		m := s.MailAbout(t, "ann@example.com", "A recovery code was used")
		if !strings.Contains(m.Text, "sign in to your account. You have 9 left.") || !strings.Contains(m.Text, "127.0.0.1") {
			t.Errorf("the mail says:\n%s", m.Text)
		}
		fresh, err := ann.ReplaceRecoveryCodes(ctx)
		require.NoError(t, err)
		if len(fresh) != 10 || strings.ContainsAny(strings.Join(fresh, ""), "0il") {
			t.Errorf("new codes: %q", fresh)
		}
		refusedWith(t, "a code of the old set", signInWith(t, s, "ann", old[1]), http.StatusUnauthorized, badCode)
		require.NoError(t, signInWith(t, s, "ann", fresh[0]))
		if left, err := ann.RecoveryCodesLeft(ctx); err != nil || left != 9 {
			t.Errorf("%d codes are left: %v", left, err)
		}
		s.MailAbout(t, "ann@example.com", "You have new recovery codes")
	})
}

// Codes of before, which had "1" and "i" both, go on working, however they are read.
func TestOlderRecoveryCodesGoOnWorking(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, allOn)
		ann, u := s.User(t, "ann")
		twoStep(t, ann)
		var hashes [][]byte
		for _, letters := range []string{"yoi4k9w1ahindx7q", "abcdefghjkmnpqro", "1i1i1i1i1i1i1i1i"} {
			sum := sha256.Sum256([]byte("recovery code " + letters))
			hashes = append(hashes, sum[:])
		}
		require.NoError(t, s.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.ReplaceRecoveryCodes(t.Context(), u.ID, hashes) }))
		for _, typed := range []string{"Y0L4-K9WI-AHLN-DX7Q", "abcd efgh jkmn pqr0", "1i1i-1i1i-1i1i-1i1i"} {
			require.NoError(t, signInWith(t, s, "ann", typed))
		}
		refusedWith(t, "one more", signInWith(t, s, "ann", "yoi4-k9w1-ahin-dx7q"), http.StatusUnauthorized, badCode)
	})
}
