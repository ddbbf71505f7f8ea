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
	partSize  = 8 << 20 // bytes; what one Write holds in memory
	partsMost = 10_000  // that S3 takes, so a file has 78 GiB at most
	firstRead = 64 << 10
)

// Write implements Store: up to 8 MiB with one request, more in parts of that size, which become a file when the last one is there. A
// crash leaves parts that are no file; the bucket's own rules have to sweep them.
func (s *S3) Write(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := valid(key); err != nil {
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
	u, err := s.begin(ctx, key)
	if err != nil {
		return 0, err
	}
	if err := u.send(ctx, part, r); err != nil {
		return 0, errors.Join(err, u.abort(ctx))
	}
	return u.size, nil
}

// readPart fills part anew; last tells that r has no more. The memory grows with what comes. An io.ErrUnexpectedEOF of r is an error
// here: the library's own writing of a stream takes it for the end and would keep half a file.
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

// partsUpload is a file that comes in parts and is not there yet.
type partsUpload struct {
	s        *S3
	name, id string
	parts    []minio.CompletePart
	size     int64
}

func (s *S3) begin(ctx context.Context, key string) (*partsUpload, error) {
	u := &partsUpload{s: s, name: s.name(key)}
	var err error
	u.id, err = s.core.NewMultipartUpload(ctx, s.options.Bucket, u.name, minio.PutObjectOptions{})
	return u, s.fail("begin a file of parts", err)
}

// send sends part, whose memory it uses on, then what r still has, and makes it a file.
func (u *partsUpload) send(ctx context.Context, part []byte, r io.Reader) error {
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

func (u *partsUpload) add(ctx context.Context, part []byte) error {
	if len(part) == 0 {
		return nil
	}
	if len(u.parts) == partsMost {
		return fmt.Errorf("a file of more than %d bytes", u.size)
	}
	size := int64(len(part))
	sent, err := u.s.core.PutObjectPart(ctx, u.s.options.Bucket, u.name, u.id, len(u.parts)+1, bytes.NewReader(part), size,
		minio.PutObjectPartOptions{Sha256Hex: digest(part), DisableContentSha256: true})
	if err != nil {
		return u.s.fail("put a part", err)
	}
	u.parts = append(u.parts, minio.CompletePart{PartNumber: sent.PartNumber, ETag: sent.ETag})
	u.size += size
	return nil
}

func (u *partsUpload) complete(ctx context.Context) error {
	_, err := u.s.core.CompleteMultipartUpload(ctx, u.s.options.Bucket, u.name, u.id, u.parts, minio.PutObjectOptions{})
	return u.s.fail("put parts together", err)
}

// abort frees the parts, also when the caller has gone away.
func (u *partsUpload) abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), smallTime)
	defer cancel()
	return u.s.fail("give up a file of parts", u.s.core.AbortMultipartUpload(ctx, u.s.options.Bucket, u.name, u.id))
}
