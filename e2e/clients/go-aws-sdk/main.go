// The verbs of the AWS SDK for Go v2, one per line of standard input as a JSON list of texts, answered by one line of JSON each:
// ["upload-parts", FILE, KEY, PART_BYTES, AT_ONCE], ["download", KEY, FILE], ["range", KEY, FIRST, LAST] (the bytes in hex).
// Where: the arguments ENDPOINT and BUCKET; as whom: the AWS_ variables. Nothing is tried twice.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func main() {
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(os.Args[1]),
		Region:       os.Getenv("AWS_REGION"),
		Credentials: credentials.NewStaticCredentialsProvider(
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), "",
		),
		UsePathStyle:     true,
		RetryMaxAttempts: 1,
	})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var question []string
		exitOn(json.Unmarshal(lines.Bytes(), &question))
		result, err := answer(client, os.Args[2], question)
		said := map[string]any{"result": result}
		if err != nil {
			said = map[string]any{"error": err.Error()}
		}
		exitOn(json.NewEncoder(os.Stdout).Encode(said))
	}
	exitOn(lines.Err())
}

func answer(client *s3.Client, bucket string, question []string) (any, error) {
	ctx := context.Background()
	switch verb, args := question[0], question[1:]; verb {
	case "upload-parts":
		return nil, uploadParts(ctx, client, bucket, args)
	case "download":
		return nil, download(ctx, client, bucket, args)
	case "range":
		return readRange(ctx, client, bucket, args)
	default:
		return nil, fmt.Errorf("no verb %s", verb)
	}
}

func uploadParts(ctx context.Context, client *s3.Client, bucket string, args []string) error {
	file, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer file.Close()
	partBytes, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	atOnce, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	uploader := manager.NewUploader(client, func(settings *manager.Uploader) {
		settings.PartSize = partBytes
		settings.Concurrency = atOnce
	})
	_, err = uploader.Upload(ctx, &s3.PutObjectInput{
		Bucket: aws.String(bucket),
		Key:    aws.String(args[1]),
		Body:   file,
	})
	return err
}

func download(ctx context.Context, client *s3.Client, bucket string, args []string) error {
	file, err := os.Create(args[1])
	if err != nil {
		return err
	}
	defer file.Close()
	input := &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(args[0])}
	_, err = manager.NewDownloader(client).Download(ctx, file, input)
	return err
}

func readRange(ctx context.Context, client *s3.Client, bucket string, args []string) (string, error) {
	output, err := client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: aws.String(bucket),
		Key:    aws.String(args[0]),
		Range:  aws.String("bytes=" + args[1] + "-" + args[2]),
	})
	if err != nil {
		return "", err
	}
	defer output.Body.Close()
	bytes, err := io.ReadAll(output.Body)
	return hex.EncodeToString(bytes), err
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
