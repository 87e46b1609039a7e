// The AWS SDK for Go v2, told verb by verb. Where: the arguments ENDPOINT and BUCKET; as whom: the AWS_ variables. Nothing is tried twice.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"s3eg/e2e/clients/told"
)

type client struct {
	s3     *s3.Client
	bucket string
}

func main() {
	told.Run(client{bucket: os.Args[2], s3: s3.New(s3.Options{
		BaseEndpoint: aws.String(os.Args[1]),
		Region:       os.Getenv("AWS_REGION"),
		Credentials: credentials.NewStaticCredentialsProvider(
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), "",
		),
		UsePathStyle:     true,
		RetryMaxAttempts: 1,
	})})
}

func (c client) UploadParts(ctx context.Context, file *os.File, key string, how told.Parts) error {
	uploader := manager.NewUploader(c.s3, func(settings *manager.Uploader) {
		settings.PartSize = how.Bytes
		settings.Concurrency = how.AtOnce
	})
	_, err := uploader.Upload(ctx, &s3.PutObjectInput{
		Bucket: aws.String(c.bucket),
		Key:    aws.String(key),
		Body:   file,
	})
	return err
}

func (c client) Download(ctx context.Context, key string, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	input := &s3.GetObjectInput{Bucket: aws.String(c.bucket), Key: aws.String(key)}
	_, err = manager.NewDownloader(c.s3).Download(ctx, file, input)
	return err
}

func (c client) Range(ctx context.Context, key string, first, last int64) (io.ReadCloser, error) {
	output, err := c.s3.GetObject(ctx, &s3.GetObjectInput{
		Bucket: aws.String(c.bucket),
		Key:    aws.String(key),
		Range:  aws.String(fmt.Sprintf("bytes=%d-%d", first, last)),
	})
	if err != nil {
		return nil, err
	}
	return output.Body, nil
}
