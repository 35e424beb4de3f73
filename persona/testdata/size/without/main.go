// Without uses what the SDK uses of the standard library, and not the SDK.
package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"sync"
)

type values struct{ All map[string]any }

func numbers() iter.Seq2[int, error] {
	return func(yield func(int, error) bool) { yield(1, nil) }
}

func main() {
	var v values
	var seen sync.Map
	err := json.Unmarshal([]byte("{}"), &v)
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://localhost/", nil)
	_, _ = http.DefaultClient.Do(req)
	slog.Info("done", "error", err)
	_ = multipart.NewWriter(new(bytes.Buffer)).Close()
	mac := hmac.New(sha256.New, nil)
	_, _ = rand.Read(mac.Sum(nil))
	_, _, _ = mime.ParseMediaType(hex.EncodeToString(mac.Sum(nil)))
	reflect.ValueOf(&v).Elem().Field(0).SetZero()
	reflect.MakeMap(reflect.TypeFor[map[string]int]()).SetMapIndex(reflect.ValueOf("a"), reflect.ValueOf(1))
	_, _ = url.Parse(multipart.FileContentDisposition("a", "b"))
	_, _ = strconv.ParseFloat("1", 64)
	seen.Store(1, 1)
	for n := range numbers() {
		fmt.Println(n)
	}
	b, _ := json.Marshal(v)
	fmt.Println(string(b))
}
