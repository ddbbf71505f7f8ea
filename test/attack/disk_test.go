package attack_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/store/storetest"
	"muster/internal/subprocess"
	"muster/internal/testserver"
)

const noRoom = "api.context.storage_full.app_error"

// A disk that other things fill: what people don't need in order to sign in is refused before it is written, sign-ins go on to the last byte and into
// the reserve, and all recovers once there is room.
func TestAFullDiskStopsNoSignIn(t *testing.T) {
	program, err := subprocess.Build(t.Context(), "muster/cmd/muster", t.TempDir())
	require.NoError(t, err)
	t.Run("sqlite", func(t *testing.T) { fillDisk(t, program, "") })
	t.Run("postgres", func(t *testing.T) { fillDisk(t, program, storetest.PostgresDSN(t)) })
}

// smallDisk mounts a real file system of size bytes, which takes root.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("mount a small file system: %v", err)
		}
		t.Skipf("SKIPPED: mounting a small file system takes root: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

func freeBytes(t *testing.T, dir string) int64 {
	t.Helper()
	var s syscall.Statfs_t
	require.NoError(t, syscall.Statfs(dir, &s))
	return int64(s.Bavail) * s.Bsize
}

// fillTo leaves so many bytes of a disk free.
func fillTo(t *testing.T, dir, name string, left int64) (filler string) {
	t.Helper()
	filler = filepath.Join(dir, name)
	f, err := os.Create(filler)
	require.NoError(t, err)
	require.NoError(t, syscall.Fallocate(int(f.Fd()), 0, 0, freeBytes(t, dir)-left))
	require.NoError(t, f.Close())
	return filler
}

func fillDisk(t *testing.T, program, dsn string) {
	const mib = 1 << 20
	disk := smallDisk(t, "64m")
	data := filepath.Join(disk, "data")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	health := l.Addr().String()
	require.NoError(t, l.Close())
	p, err := subprocess.Start(context.WithoutCancel(t.Context()), subprocess.Options{
		Program: program, Args: []string{"serve", "--listen", "127.0.0.1:0", "--data", data}, Log: t.Output(),
		Env: []string{
			"MUSTER_METRICSSETTINGS_LISTENADDRESS=" + health, "MUSTER_SQLSETTINGS_DATASOURCE=" + dsn, "MUSTER_STORAGESETTINGS_DISKRESERVEBYTES=4194304",
			"MUSTER_STORAGESETTINGS_DISKREFUSEBYTES=12582912", "MUSTER_STORAGESETTINGS_DISKWARNBYTES=25165824", "MUSTER_RATELIMITSETTINGS_ENABLE=false",
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Kill()) })
	c := client.New(p.URL)
	me, err := c.CreateUser(t.Context(), &muster.User{Username: "admin", Email: "admin@example.com", Password: testserver.Password})
	require.NoError(t, err)
	_, err = c.Login(t.Context(), "admin", testserver.Password)
	require.NoError(t, err)
	ch, err := c.CreateDirectChannel(t.Context(), me.ID, me.ID)
	require.NoError(t, err)
	pref := []*muster.Preference{{UserID: me.ID, Category: "attack", Name: "x", Value: "y"}}
	send := func() error {
		_, err := c.SendFile(t.Context(), ch.ID, "a.txt", 1000, bytes.NewReader(make([]byte, 1000)))
		return err
	}
	require.NoError(t, send())
	awaitHealth(t, health, "ready\n")

	warned := fillTo(t, disk, "some", 16*mib)
	awaitHealth(t, health, "ready, but the disk is filling up")
	require.NoError(t, send())
	require.NoError(t, c.UpdatePreferences(t.Context(), me.ID, pref))

	refused := fillTo(t, disk, "more", 8*mib)
	awaitHealth(t, health, "ready, but the disk is nearly full")
	if err := send(); !client.HasID(err, noRoom) {
		t.Errorf("an upload: %v", err)
	}
	err = c.UpdatePreferences(t.Context(), me.ID, pref)
	if onDisk := dsn == ""; client.HasID(err, noRoom) != onDisk || (err == nil) == onDisk {
		t.Errorf("preferences, which are kept in the database: %v", err)
	}
	signInAndOut(t, p.URL)

	full := fillTo(t, disk, "most", 64<<10)
	for range 20 { // of which the reserve is needed for some
		signInAndOut(t, p.URL)
	}
	eventually(t, "the reserve to be given up", func() bool { return !exists(t, filepath.Join(data, "disk.reserve")) })
	signInAndOut(t, p.URL)
	if _, err := c.User(t.Context(), me.ID); err != nil {
		t.Errorf("reading: %v", err)
	}
	if err := send(); !client.HasID(err, noRoom) {
		t.Errorf("an upload: %v", err)
	}

	for _, filler := range []string{warned, refused, full} {
		require.NoError(t, os.Remove(filler))
	}
	awaitHealth(t, health, "ready\n")
	eventually(t, "the reserve to be back", func() bool { return exists(t, filepath.Join(data, "disk.reserve")) })
	require.NoError(t, send())
	require.NoError(t, c.UpdatePreferences(t.Context(), me.ID, pref))
}

func signInAndOut(t *testing.T, url string) {
	t.Helper()
	c := client.New(url)
	_, err := c.Login(t.Context(), "admin", testserver.Password)
	require.NoError(t, err)
	_, err = c.Me(t.Context())
	require.NoError(t, err)
	require.NoError(t, c.Logout(t.Context()))
}

// awaitHealth waits until /readyz answers 200 with a body that begins so.
func awaitHealth(t *testing.T, address, body string) {
	t.Helper()
	var said string
	eventually(t, "/readyz to say "+body, func() bool {
		resp, err := http.Get("http://" + address + "/readyz")
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		said = string(text)
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("/readyz: %d %s", resp.StatusCode, said)
		}
		return strings.HasPrefix(said, body)
	})
}

func exists(t *testing.T, name string) bool {
	t.Helper()
	_, err := os.Lstat(name)
	return err == nil
}
