// Package upgrade checks that a database of an earlier version of Muster works with this one. A fixture is what an earlier version left behind after
// real use: its data directory, its database, and what its users know. "make fixture NAME=..." makes one.
package upgrade

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Files of a fixture, in the directory testdata/<name>/<database>.
const (
	FactsFile = "facts.json"
	DataFile  = "data.tar.gz"     // the data directory
	DumpFile  = "database.sql.gz" // the PostgreSQL database; SQLite's is in the data directory
)

// Facts are what the users of a fixture know, and what the server answered them.
type Facts struct {
	MadeAt   int64  `json:"made_at"` // Unix ms
	Password string `json:"password"`

	AdminSession  string `json:"admin_session_token"`
	AnnSession    string `json:"ann_session_token"`
	AnnToken      string `json:"ann_access_token"`
	AnnPicture    []byte `json:"ann_picture"`
	BotToken      string `json:"bot_access_token"`
	EndedSession  string `json:"ended_session_token"`
	DisabledToken string `json:"disabled_access_token"`
	Imported      string `json:"imported_password"` // ivy's, stored as a bcrypt hash

	MfaSecret     string   `json:"mfa_secret"` // mia's
	RecoveryCodes []string `json:"recovery_codes"`

	// mia's sign-in on the pages waits for a code.
	FormCookie  string `json:"form_cookie"`
	LoginCookie string `json:"login_cookie"`

	File     string          `json:"file_id"`
	Upload   string          `json:"upload_id"` // of UploadContent, of which the first half has arrived
	Settings json.RawMessage `json:"settings_patch"`

	UserIDs map[string]string          `json:"user_ids"` // by username
	Answers map[string]json.RawMessage `json:"answers"`  // to the administrator, by path below /api/v4
}

// What the files of a fixture contain.
const (
	FileContent   = "what a file contains"
	UploadContent = "the first half|the second one"
)

// Cookies of the sign-in page.
const (
	FormCookieName  = "MUSTERFORM"
	LoginCookieName = "MUSTERSIGNIN"
)

// ReadFacts reads the facts of a fixture from its directory.
func ReadFacts(dir string) (*Facts, error) {
	text, err := os.ReadFile(filepath.Join(dir, FactsFile))
	if err != nil {
		return nil, err
	}
	var f Facts
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, FactsFile), err)
	}
	return &f, nil
}

// Save writes the facts to a fixture's directory.
func (f *Facts) Save(dir string) error {
	text, err := json.MarshalIndent(f, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, FactsFile), append(text, '\n'), 0o644)
}

// Pack writes the regular files below dir to an archive.
func Pack(archive, dir string) error {
	return compress(archive, func(w io.Writer) error {
		t := tar.NewWriter(w)
		return errors.Join(t.AddFS(os.DirFS(dir)), t.Close())
	})
}

// Unpack writes the files of an archive below dir.
func Unpack(archive, dir string) error {
	return decompress(archive, func(r io.Reader) error {
		t := tar.NewReader(r)
		for {
			h, err := t.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			name := filepath.Join(dir, filepath.FromSlash(strings.TrimSuffix(h.Name, "/")))
			if h.Typeflag == tar.TypeDir {
				err = os.MkdirAll(name, 0o700)
			} else {
				err = extract(name, t)
			}
			if err != nil {
				return err
			}
		}
	})
}

func extract(name string, r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, text, 0o600))
}

// SaveDump writes the statements of a dump that pg_dump made, without the commands that only psql knows.
func SaveDump(file, dump string) error {
	return compress(file, func(w io.Writer) error {
		for line := range strings.Lines(dump) {
			if strings.HasPrefix(line, `\`) {
				continue
			}
			if _, err := io.WriteString(w, line); err != nil {
				return err
			}
		}
		return nil
	})
}

// ReadDump returns the statements of a dump.
func ReadDump(file string) (string, error) {
	var text []byte
	err := decompress(file, func(r io.Reader) (err error) {
		text, err = io.ReadAll(r)
		return err
	})
	return string(text), err
}

func compress(file string, write func(io.Writer) error) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(write(z), z.Close(), f.Close())
}

func decompress(file string, read func(io.Reader) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(read(z), z.Close(), f.Close())
}

// NoMailServer is a port on which no mail server listens, so that mails wait.
const NoMailServer = "1"

// Environment returns the variables of a server whose mails go to a port of this machine, or to files if it is "".
func Environment(mailPort string) []string {
	env := []string{"MUSTER_METRICSSETTINGS_LISTENADDRESS=", "MUSTER_STORAGESETTINGS_DISKRESERVEBYTES=0"}
	if mailPort != "" {
		env = append(env, "MUSTER_EMAILSETTINGS_SMTPSERVER=127.0.0.1", "MUSTER_EMAILSETTINGS_SMTPPORT="+mailPort)
	}
	return env
}
