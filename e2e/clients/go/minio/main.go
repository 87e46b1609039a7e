// minio-go, told verb by verb. Where: the arguments ENDPOINT and BUCKET; as whom: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
package main

import (
	"context"
	"io"
	"net/url"
	"os"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"s3eg/e2e/clients/told"
)

type client struct {
	s3     *minio.Client
	bucket string
}

func main() {
	endpoint, err := url.Parse(os.Args[1])
	told.ExitOn(err)
	s3, err := minio.New(endpoint.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
		Secure:       endpoint.Scheme == "https",
		Region:       os.Getenv("AWS_REGION"),
		BucketLookup: minio.BucketLookupPath,
		MaxRetries:   1,
	})
	told.ExitOn(err)
	told.Run(client{s3: s3, bucket: os.Args[2]})
}

// As a stream whose length is known: only so does it send parts at once.
func (c client) UploadParts(ctx context.Context, file *os.File, key string, how told.Parts) error {
	stat, err := file.Stat()
	if err != nil {
		return err
	}
	_, err = c.s3.PutObject(ctx, c.bucket, key, file, stat.Size(), minio.PutObjectOptions{
		PartSize:   uint64(how.Bytes),
		NumThreads: uint(how.AtOnce),
	})
	return err
}

func (c client) Download(ctx context.Context, key string, path string) error {
	return c.s3.FGetObject(ctx, c.bucket, key, path, minio.GetObjectOptions{})
}

func (c client) Range(ctx context.Context, key string, first, last int64) (io.ReadCloser, error) {
	options := minio.GetObjectOptions{}
	if err := options.SetRange(first, last); err != nil {
		return nil, err
	}
	return c.s3.GetObject(ctx, c.bucket, key, options)
}
