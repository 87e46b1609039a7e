// Package told lets a client be told verb by verb, one per line of standard input as a JSON list of texts, answered by one line of JSON each:
// ["upload-parts", FILE, KEY, PART_BYTES, AT_ONCE], ["download", KEY, FILE], ["range", KEY, FIRST, LAST] (the bytes in hex).
package told

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
)

// Client is what can be told.
type Client interface {
	UploadParts(ctx context.Context, file *os.File, key string, how Parts) error
	Download(ctx context.Context, key string, path string) error
	// Range gives the bytes from first to last, which the caller closes.
	Range(ctx context.Context, key string, first, last int64) (io.ReadCloser, error)
}

// Parts says how to upload.
type Parts struct {
	Bytes  int64
	AtOnce int
}

// Run answers until its input ends.
func Run(client Client) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var question []string
		ExitOn(json.Unmarshal(lines.Bytes(), &question))
		result, err := answer(client, question)
		said := map[string]any{"result": result}
		if err != nil {
			said = map[string]any{"error": err.Error()}
		}
		ExitOn(json.NewEncoder(os.Stdout).Encode(said))
	}
	ExitOn(lines.Err())
}

// ExitOn ends the program where there is an error.
func ExitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func answer(client Client, question []string) (any, error) {
	ctx := context.Background()
	switch verb, args := question[0], question[1:]; verb {
	case "upload-parts":
		return nil, uploadParts(ctx, client, args)
	case "download":
		return nil, client.Download(ctx, args[0], args[1])
	case "range":
		return readRange(ctx, client, args)
	default:
		return nil, fmt.Errorf("no verb %s", verb)
	}
}

func uploadParts(ctx context.Context, client Client, args []string) error {
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
	return client.UploadParts(ctx, file, args[1], Parts{Bytes: partBytes, AtOnce: atOnce})
}

func readRange(ctx context.Context, client Client, args []string) (string, error) {
	first, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return "", err
	}
	last, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return "", err
	}
	body, err := client.Range(ctx, args[0], first, last)
	if err != nil {
		return "", err
	}
	defer body.Close()
	bytes, err := io.ReadAll(body)
	return hex.EncodeToString(bytes), err
}
