package blob

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	idleTimeout    = 30 * time.Second // of a connection that transfers no byte
	requestTimeout = 30 * time.Second // of a request that transfers little
	maxAttempts    = 3                // for each request, with up to a second between them
)

// S3Options says where the storage is and how to authenticate.
type S3Options struct {
	Endpoint        string // HOST or HOST:PORT, without a scheme
	TLS             bool
	Bucket          string // must exist
	Region          string // "" to ask the storage
	PathPrefix      string // of every key, followed by a slash; "" for none
	AccessKeyID     string // both "" to use the role of an Amazon machine or container
	SecretAccessKey string

	idleTimeout time.Duration // 0 for the constant; tests set a shorter one
}

// S3 is a Store in a bucket. It needs permission to list the bucket and to get, put and delete objects.
type S3 struct {
	core      *minio.Core
	transport *http.Transport
	options   S3Options
}

// OpenS3 opens the store and checks that the bucket answers. The error never contains the secret key.
func OpenS3(ctx context.Context, o S3Options) (*S3, error) {
	o.PathPrefix = strings.Trim(o.PathPrefix, "/")
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.idleTimeout == 0 {
		o.idleTimeout = idleTimeout
	}
	s := &S3{transport: newTransport(o.idleTimeout), options: o}
	var err error
	s.core, err = minio.NewCore(o.Endpoint, &minio.Options{
		Creds: o.credentials(), Secure: o.TLS, Region: o.Region, Transport: s.transport, MaxRetries: maxAttempts,
	})
	if err != nil {
		return nil, err
	}
	if err := s.probe(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (o S3Options) check() error {
	u, err := url.Parse("//" + o.Endpoint)
	switch {
	case err != nil || u.Host == "" || u.Host != o.Endpoint: // not quoted, since it may contain a password
		return errors.New("the endpoint must be HOST or HOST:PORT")
	case o.Bucket == "":
		return errors.New("a bucket is required")
	case (o.AccessKeyID == "") != (o.SecretAccessKey == ""):
		return errors.New("set both the access key's id and its secret, or neither")
	case o.PathPrefix != "" && !fs.ValidPath(o.PathPrefix):
		return errors.New("the path prefix must be a plain path such as muster/files")
	}
	return nil
}

func (o S3Options) credentials() *credentials.Credentials {
	if o.AccessKeyID == "" {
		return credentials.NewIAM("")
	}
	return credentials.NewStaticV4(o.AccessKeyID, o.SecretAccessKey, "")
}

// probe lists objects instead of requesting the bucket itself, since the error response has a body that distinguishes a wrong key from a missing
// permission. Without permission to list, the storage would also answer 403 for a missing file.
func (s *S3) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	next, stop := iter.Pull(s.core.ListObjectsIter(ctx, s.options.Bucket, minio.ListObjectsOptions{Prefix: s.options.PathPrefix, MaxKeys: 1}))
	found, _ := next() // an empty bucket is fine
	stop()
	return s.wrapError("list", cmp.Or(found.Err, ctx.Err()))
}

// wrapError adds context to an error of the library, and maps a missing file to ErrNotFound. A nil error stays nil.
func (s *S3) wrapError(action string, err error) error {
	if err == nil {
		return nil
	}
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return ErrNotFound
	}
	return fmt.Errorf("%s in bucket %q at %s: %w", action, s.options.Bucket, s.options.Endpoint, err)
}

func (s *S3) name(key string) string { return path.Join(s.options.PathPrefix, key) }

// Close closes idle connections.
func (s *S3) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// Put implements Store, with one request.
func (s *S3) Put(ctx context.Context, key string, data []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	_, err := s.core.PutObject(ctx, s.options.Bucket, s.name(key), bytes.NewReader(data), int64(len(data)), "", digest(data), plainBody)
	return s.wrapError("put", err)
}

// plainBody is for requests with a digest, by which the storage verifies the body with and without TLS. Without TLS the library would send signed chunks,
// which some servers get wrong: Versity's mistakes the chunk after an empty file for the next request.
var plainBody = minio.PutObjectOptions{DisableContentSha256: true}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Get implements Store. It takes at most requestTimeout.
func (s *S3) Get(ctx context.Context, key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	r, err := s.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, s.wrapError("get", err)
	}
	return b, nil
}

// Open implements Store. Reading ends with ctx. If the file is replaced meanwhile, the reader returns the old content or fails.
func (s *S3) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	r, _, _, err := s.core.GetObject(ctx, s.options.Bucket, s.name(key), minio.GetObjectOptions{})
	if err != nil {
		return nil, s.wrapError("get", err)
	}
	return r, nil
}

// Delete implements Store. It takes at most requestTimeout.
func (s *S3) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	err := s.wrapError("delete", s.core.RemoveObject(ctx, s.options.Bucket, s.name(key), minio.RemoveObjectOptions{}))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
