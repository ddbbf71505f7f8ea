package blob

import (
	"cmp"
	"context"
	"fmt"

	"muster/internal/config"
)

const amazon = "s3.amazonaws.com"

// Open opens the store that the settings name: the directory dir, or S3-compatible storage. It fails if the directory can't be used or the
// bucket does not answer. The error is safe to show: it never contains the secret key.
func Open(ctx context.Context, dir string, c config.FileSettings) (Store, error) {
	switch c.DriverName {
	case "local":
		d, err := OpenDir(dir)
		if err != nil {
			return nil, err
		}
		return d, nil
	case "amazons3":
		s, err := OpenS3(ctx, S3Options{
			Endpoint: cmp.Or(c.AmazonS3Endpoint, amazon), TLS: c.AmazonS3SSL,
			Bucket: c.AmazonS3Bucket, Region: c.AmazonS3Region, PathPrefix: c.AmazonS3PathPrefix,
			AccessKeyID: c.AmazonS3AccessKeyId, SecretAccessKey: c.AmazonS3SecretAccessKey,
		})
		if err != nil {
			return nil, fmt.Errorf("FileSettings.AmazonS3...: %w", err)
		}
		return s, nil
	}
	return nil, fmt.Errorf("FileSettings.DriverName: unknown driver %q", c.DriverName)
}
