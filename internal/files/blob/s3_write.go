package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/minio/minio-go/v7"
)

const (
	partSize  = 8 << 20 // bytes; one Write buffers as much in memory
	maxParts  = 10_000  // the limit of S3, so a file has at most 78 GiB
	firstRead = 64 << 10
)

// Write implements Store: up to 8 MiB in one request, larger files as a multipart upload with parts of that size. A crash leaves parts of an
// incomplete upload, which a lifecycle rule of the bucket must remove.
func (s *S3) Write(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	part, last, err := readPart(nil, r)
	if err != nil {
		return 0, err
	}
	if last {
		if err := s.Put(ctx, key, part); err != nil {
			return 0, err
		}
		return int64(len(part)), nil
	}
	u, err := s.startMultipart(ctx, key)
	if err != nil {
		return 0, err
	}
	if err := u.send(ctx, part, r); err != nil {
		return 0, errors.Join(err, u.abort(ctx))
	}
	return u.size, nil
}

// readPart reads the next part into part's memory, which grows as needed; last reports whether r has ended. An io.ErrUnexpectedEOF of r is an
// error here, whereas the library's own streaming mistakes it for the end and would store half a file.
func readPart(part []byte, r io.Reader) (_ []byte, last bool, err error) {
	part = part[:0]
	for len(part) < partSize {
		if len(part) == cap(part) {
			part = slices.Grow(part, min(max(len(part), firstRead), partSize-len(part)))
		}
		n, err := r.Read(part[len(part):min(cap(part), partSize)])
		part = part[:len(part)+n]
		if err == io.EOF {
			return part, true, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
	return part, false, nil
}

// multipartUpload is a file that is being uploaded in parts.
type multipartUpload struct {
	s        *S3
	name, id string
	parts    []minio.CompletePart
	size     int64
}

func (s *S3) startMultipart(ctx context.Context, key string) (*multipartUpload, error) {
	u := &multipartUpload{s: s, name: s.name(key)}
	var err error
	u.id, err = s.core.NewMultipartUpload(ctx, s.options.Bucket, u.name, minio.PutObjectOptions{})
	return u, s.wrapError("start a multipart upload", err)
}

// send sends part, then the rest of r in the same memory, and completes the file.
func (u *multipartUpload) send(ctx context.Context, part []byte, r io.Reader) error {
	for last := false; ; {
		if err := u.add(ctx, part); err != nil {
			return err
		}
		if last {
			return u.complete(ctx)
		}
		var err error
		if part, last, err = readPart(part, r); err != nil {
			return err
		}
	}
}

func (u *multipartUpload) add(ctx context.Context, part []byte) error {
	if len(part) == 0 {
		return nil
	}
	if len(u.parts) == maxParts {
		return fmt.Errorf("the file has more than %d bytes", u.size)
	}
	size := int64(len(part))
	sent, err := u.s.core.PutObjectPart(ctx, u.s.options.Bucket, u.name, u.id, len(u.parts)+1, bytes.NewReader(part), size,
		minio.PutObjectPartOptions{Sha256Hex: digest(part), DisableContentSha256: true})
	if err != nil {
		return u.s.wrapError("put a part", err)
	}
	u.parts = append(u.parts, minio.CompletePart{PartNumber: sent.PartNumber, ETag: sent.ETag})
	u.size += size
	return nil
}

func (u *multipartUpload) complete(ctx context.Context) error {
	_, err := u.s.core.CompleteMultipartUpload(ctx, u.s.options.Bucket, u.name, u.id, u.parts, minio.PutObjectOptions{})
	return u.s.wrapError("complete a multipart upload", err)
}

// abort discards the parts, even if ctx has ended.
func (u *multipartUpload) abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	return u.s.wrapError("abort a multipart upload", u.s.core.AbortMultipartUpload(ctx, u.s.options.Bucket, u.name, u.id))
}
