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
	silence   = 30 * time.Second // after which a connection that moves no byte is given up
	smallTime = 30 * time.Second // for all of a request that moves little
	tries     = 3                // of a request, with up to a second between them
)

// S3Options says where a store is and who may use it.
type S3Options struct {
	Endpoint        string // HOST or HOST:PORT, without a scheme
	TLS             bool
	Bucket          string // exists already
	Region          string // empty: the store is asked
	PathPrefix      string // put before every key, with a slash between; may be empty
	AccessKeyID     string // both empty: those that Amazon's machine or container has by its role
	SecretAccessKey string

	silence time.Duration // 0 for the constant; tests are less patient
}

// S3 keeps files in a bucket that several nodes share. It asks for the rights to list the bucket and to get, put and delete in it.
type S3 struct {
	core      *minio.Core
	transport *http.Transport
	options   S3Options
}

// OpenS3 checks that the bucket answers. The error says what is wrong with it, and never holds the secret key.
func OpenS3(ctx context.Context, o S3Options) (*S3, error) {
	o.PathPrefix = strings.Trim(o.PathPrefix, "/")
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.silence == 0 {
		o.silence = silence
	}
	s := &S3{transport: newTransport(o.silence), options: o}
	var err error
	s.core, err = minio.NewCore(o.Endpoint, &minio.Options{
		Creds: o.credentials(), Secure: o.TLS, Region: o.Region, Transport: s.transport, MaxRetries: tries,
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
	case err != nil || u.Host == "" || u.Host != o.Endpoint: // somebody may have put a password there, so it is not repeated
		return errors.New("the endpoint must be HOST or HOST:PORT")
	case o.Bucket == "":
		return errors.New("a bucket must be named")
	case (o.AccessKeyID == "") != (o.SecretAccessKey == ""):
		return errors.New("the access key's id and its secret go together: set both or neither")
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

// probe lists instead of asking for the bucket itself: the answer to that has no body which tells a wrong key from a missing right. Without
// the right to list, a store would call a missing file forbidden.
func (s *S3) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, smallTime)
	defer cancel()
	next, stop := iter.Pull(s.core.ListObjectsIter(ctx, s.options.Bucket, minio.ListObjectsOptions{Prefix: s.options.PathPrefix, MaxKeys: 1}))
	found, _ := next() // nothing at all is fine
	stop()
	return s.fail("list", cmp.Or(found.Err, ctx.Err()))
}

// fail turns an error of the library into one of ours that tells where it happened; nil stays nil.
func (s *S3) fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return ErrNotFound
	}
	return fmt.Errorf("%s in bucket %q at %s: %w", doing, s.options.Bucket, s.options.Endpoint, err)
}

func (s *S3) name(key string) string { return path.Join(s.options.PathPrefix, key) }

// Close lets go of idle connections.
func (s *S3) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// Put implements Store, with one request.
func (s *S3) Put(ctx context.Context, key string, data []byte) error {
	if err := valid(key); err != nil {
		return err
	}
	_, err := s.core.PutObject(ctx, s.options.Bucket, s.name(key), bytes.NewReader(data), int64(len(data)), "", digest(data), plainBody)
	return s.fail("put", err)
}

// plainBody goes with a digest: the store checks the bytes, with TLS and without. The library's own way without TLS, signed chunks, upsets
// some stores: Versity's takes the chunk after an empty file for the next request.
var plainBody = minio.PutObjectOptions{DisableContentSha256: true}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Get implements Store. It takes half a minute at most.
func (s *S3) Get(ctx context.Context, key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, smallTime)
	defer cancel()
	r, err := s.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, s.fail("get", err)
	}
	return b, nil
}

// Open implements Store. ctx holds for the reading too. A file that is replaced meanwhile is read to its end as it was or breaks off with an error.
func (s *S3) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := valid(key); err != nil {
		return nil, err
	}
	r, _, _, err := s.core.GetObject(ctx, s.options.Bucket, s.name(key), minio.GetObjectOptions{})
	if err != nil {
		return nil, s.fail("get", err)
	}
	return r, nil
}

// Delete implements Store. It takes half a minute at most.
func (s *S3) Delete(ctx context.Context, key string) error {
	if err := valid(key); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, smallTime)
	defer cancel()
	err := s.fail("delete", s.core.RemoveObject(ctx, s.options.Bucket, s.name(key), minio.RemoveObjectOptions{}))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
