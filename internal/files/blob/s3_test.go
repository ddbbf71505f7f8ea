package blob

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"muster"
	"muster/internal/config"
)

const s3Variable = "MUSTER_TEST_S3"

// s3Options names an empty corner of the server in MUSTER_TEST_S3. Without one the test is skipped, or fails where CI is true.
func s3Options(t *testing.T) S3Options {
	t.Helper()
	server := os.Getenv(s3Variable)
	if server == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal(s3Variable + " names no S3 server")
		}
		t.Skip("SKIPPED: " + s3Variable + " names no S3 server (scripts/with-s3.sh starts one)")
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(s3Variable + " is no URL")
	}
	secret, _ := u.User.Password()
	return S3Options{
		Endpoint: u.Host, TLS: u.Scheme == "https", Bucket: strings.Trim(u.Path, "/"), PathPrefix: "/" + muster.NewID() + "/x/",
		AccessKeyID: u.User.Username(), SecretAccessKey: secret,
	}
}

func openS3(t *testing.T, o S3Options) *S3 {
	t.Helper()
	s, err := OpenS3(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestPrefixesKeepApart(t *testing.T) {
	o := s3Options(t)
	one := openS3(t, o)
	o.PathPrefix += "y"
	two := openS3(t, o)
	if err := two.Put(ctx, "f", []byte("two")); err != nil {
		t.Fatal(err)
	}
	wantsNothing(t, one, "f")
	wants(t, one, "y/f", []byte("two"))
}

func TestBrokenStreamsLeaveNoParts(t *testing.T) {
	s := openS3(t, s3Options(t))
	_, err := s.Write(ctx, "f", io.MultiReader(bytes.NewReader(pattern(2*partSize, 0)), broken{io.ErrClosedPipe}))
	if err == nil {
		t.Fatal("was written")
	}
	left, err := s.core.ListMultipartUploads(ctx, s.options.Bucket, s.options.PathPrefix, "", "", "", 10)
	if err != nil || len(left.Uploads) > 0 {
		t.Fatal(left.Uploads, err)
	}
}

func TestOpenS3SaysWhatIsWrong(t *testing.T) {
	good := s3Options(t)
	cases := []struct {
		says   string
		change func(*S3Options)
	}{
		{"a bucket is required", func(o *S3Options) { o.Bucket = "" }},
		{"bucket", func(o *S3Options) { o.Bucket = "nobody-made-this" }},
		{"bucket", func(o *S3Options) { o.Bucket = "no/bucket" }},
		{"signature", func(o *S3Options) { o.SecretAccessKey = "wrong-" + o.SecretAccessKey }},
		{"access key", func(o *S3Options) { o.AccessKeyID = "nobody" }},
		{"or neither", func(o *S3Options) { o.AccessKeyID = "" }},
		{"path prefix", func(o *S3Options) { o.PathPrefix = "a/../b" }},
		{"HTTP response to HTTPS client", func(o *S3Options) { o.TLS = true }},
		{"must be HOST or HOST:PORT", func(o *S3Options) { o.Endpoint = "http://me:" + o.SecretAccessKey + "@" + o.Endpoint }},
		{"refused", func(o *S3Options) { o.Endpoint = closedPort(t) }},
		{"bucket", func(o *S3Options) { o.Endpoint = otherServer(t) }},
	}
	for _, region := range []string{"", "us-east-1"} {
		for _, tc := range cases {
			o := good
			o.Region = region
			tc.change(&o)
			s, err := OpenS3(ctx, o)
			if err == nil || s != nil {
				t.Errorf("%s: opened", tc.says)
				continue
			}
			if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, good.SecretAccessKey) {
				t.Errorf("the secret shows: %v", err)
			}
			if !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tc.says)) {
				t.Errorf("want %q: %v", tc.says, err)
			}
		}
	}
}

func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// otherServer is one that has never heard of S3.
func otherServer(t *testing.T) string {
	h := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(h.Close)
	return strings.TrimPrefix(h.URL, "http://")
}

// The keys that a role gives come from an address that the environment names; Amazon's own machines serve them the same way.
func TestKeysOfARole(t *testing.T) {
	o := s3Options(t)
	role := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"AccessKeyId":%q,"SecretAccessKey":%q,"Expiration":"2100-01-01T00:00:00Z"}`, o.AccessKeyID, o.SecretAccessKey)
	}))
	t.Cleanup(role.Close)
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", role.URL)
	without := o
	without.AccessKeyID, without.SecretAccessKey = "", ""
	s := openS3(t, without)
	if err := s.Put(ctx, "f", []byte("x")); err != nil {
		t.Fatal(err)
	}
}

// A store that falls silent in the middle fails every request in a bounded time.
func TestSilentStore(t *testing.T) {
	o := s3Options(t)
	line := newLine(t, o.Endpoint)
	o.Endpoint, o.idleTimeout = line.address, 500*time.Millisecond
	s := openS3(t, o)
	if _, err := s.Write(ctx, "f", bytes.NewReader(pattern(partSize, 0))); err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(ctx, "f")
	if err != nil {
		t.Fatal(err)
	}
	line.frozen.Store(true)
	var wg sync.WaitGroup
	start := time.Now()
	for what, do := range map[string]func() error{
		"read":   func() error { _, err := io.Copy(io.Discard, r); return err },
		"get":    func() error { _, err := s.Get(ctx, "f"); return err },
		"put":    func() error { return s.Put(ctx, "g", pattern(partSize, 0)) },
		"write":  func() error { _, err := s.Write(ctx, "g", bytes.NewReader(pattern(2*partSize, 0))); return err },
		"delete": func() error { return s.Delete(ctx, "f") },
	} {
		wg.Go(func() {
			if err := do(); err == nil {
				t.Errorf("%s went well", what)
			}
		})
	}
	wg.Wait()
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// A file that takes longer than the idleTimeout but never stops is no dead store.
func TestSlowReaderAndWriter(t *testing.T) {
	o := s3Options(t)
	o.idleTimeout = 500 * time.Millisecond
	s := openS3(t, o)
	data := pattern(partSize+100, 0)
	n, err := s.Write(ctx, "f", io.MultiReader(bytes.NewReader(data[:partSize]), pause{}, bytes.NewReader(data[partSize:])))
	if err != nil || n != int64(len(data)) {
		t.Fatal(n, err)
	}
	r, err := s.Open(ctx, "f")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	_, first := io.CopyN(&got, r, 100)
	_, _ = pause{}.Read(nil)
	_, rest := io.Copy(&got, r)
	if err := cmp.Or(first, rest, r.Close()); err != nil || !bytes.Equal(got.Bytes(), data) {
		t.Fatal(got.Len(), err)
	}
}

type pause struct{}

func (pause) Read([]byte) (int, error) {
	time.Sleep(time.Second)
	return 0, io.EOF
}

// line leads to a server until it is frozen: then connections stand, but nothing moves.
type line struct {
	address string
	frozen  atomic.Bool
	ended   chan struct{}
}

func newLine(t *testing.T, to string) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{address: listener.Addr().String(), ended: make(chan struct{})}
	t.Cleanup(func() {
		close(l.ended)
		_ = listener.Close()
	})
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			t.Cleanup(func() { _, _ = near.Close(), far.Close() })
			go l.carry(near, far)
			go l.carry(far, near)
		}
	}()
	return l
}

func (l *line) carry(to, from net.Conn) {
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		if l.frozen.Load() {
			<-l.ended
		}
		_, failed := to.Write(b[:n])
		if err != nil || failed != nil {
			_ = to.Close()
			return
		}
	}
}

func TestOpenPicksTheDriver(t *testing.T) {
	c := config.Default().FileSettings
	dir := t.TempDir() + "/files"
	s, err := Open(ctx, dir, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.(*Dir); !ok {
		t.Errorf("%T", s)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	c.DriverName = "floppy"
	if _, err := Open(ctx, dir, c); err == nil {
		t.Error("an unknown driver")
	}
}

func TestOpenPicksS3(t *testing.T) {
	o := s3Options(t)
	c := config.Default().FileSettings
	c.DriverName, c.AmazonS3Endpoint, c.AmazonS3SSL, c.AmazonS3Bucket, c.AmazonS3PathPrefix = "amazons3", o.Endpoint, o.TLS, o.Bucket, o.PathPrefix
	c.AmazonS3AccessKeyId, c.AmazonS3SecretAccessKey = o.AccessKeyID, o.SecretAccessKey
	dir := t.TempDir() + "/files"
	s, err := Open(ctx, dir, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put(ctx, "f", []byte("x")); err != nil {
		t.Error(err)
	}
	wants(t, openS3(t, o), "f", []byte("x"))
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory was made: %v", err)
	}
	c.AmazonS3Bucket = ""
	if s, err := Open(ctx, dir, c); err == nil || s != nil {
		t.Error("opened without a bucket")
	}
}
