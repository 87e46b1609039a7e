// minio-go's verbs, one per line of standard input as a JSON list of texts, answered by one line of JSON each:
// ["upload-parts", FILE, KEY, PART_BYTES, AT_ONCE], ["download", KEY, FILE], ["range", KEY, FIRST, LAST] (the bytes in hex).
// Where: the arguments ENDPOINT and BUCKET; as whom: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func main() {
	endpoint, err := url.Parse(os.Args[1])
	exitOn(err)
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
		Secure:       endpoint.Scheme == "https",
		Region:       os.Getenv("AWS_REGION"),
		BucketLookup: minio.BucketLookupPath,
		MaxRetries:   1,
	})
	exitOn(err)
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

func answer(client *minio.Client, bucket string, question []string) (any, error) {
	ctx := context.Background()
	switch verb, args := question[0], question[1:]; verb {
	case "upload-parts":
		return nil, uploadParts(ctx, client, bucket, args)
	case "download":
		return nil, client.FGetObject(ctx, bucket, args[0], args[1], minio.GetObjectOptions{})
	case "range":
		return readRange(ctx, client, bucket, args)
	default:
		return nil, fmt.Errorf("no verb %s", verb)
	}
}

// As a stream whose length is known: only so does it send parts at once.
func uploadParts(ctx context.Context, client *minio.Client, bucket string, args []string) error {
	file, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer file.Close()
	stat, err := file.Stat()
	if err != nil {
		return err
	}
	partBytes, err := strconv.ParseUint(args[2], 10, 64)
	if err != nil {
		return err
	}
	atOnce, err := strconv.ParseUint(args[3], 10, 32)
	if err != nil {
		return err
	}
	_, err = client.PutObject(ctx, bucket, args[1], file, stat.Size(), minio.PutObjectOptions{
		PartSize:   partBytes,
		NumThreads: uint(atOnce),
	})
	return err
}

func readRange(ctx context.Context, client *minio.Client, bucket string, args []string) (string, error) {
	first, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return "", err
	}
	last, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return "", err
	}
	options := minio.GetObjectOptions{}
	if err := options.SetRange(first, last); err != nil {
		return "", err
	}
	object, err := client.GetObject(ctx, bucket, args[0], options)
	if err != nil {
		return "", err
	}
	defer object.Close()
	bytes, err := io.ReadAll(object)
	return hex.EncodeToString(bytes), err
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
