package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/idemhq/idem/service"
)

// hear makes the service part of a host application. Its table of users is a file of JSON
// lines, which survives a kill. The test is asked before and after each line is written.
func hear(s *service.Service) {
	path, ears := os.Getenv("IDEM_TEST_HEARD"), os.Getenv("IDEM_TEST_EARS")
	if path == "" {
		return
	}
	s.OnVerdict(func(ctx context.Context, change service.VerdictChange) error {
		if err := ask(ctx, ears+"/before"); err != nil {
			return err
		}
		if err := write(path, change); err != nil {
			return err
		}
		return ask(ctx, ears+"/after")
	})
}

// write appends a line with one call of the operating system, so a kill leaves no part of it.
func write(path string, change service.VerdictChange) error {
	line, err := json.Marshal(change)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(append(line, '\n'))
	return err
}

func ask(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the test answers %d", res.StatusCode)
	}
	return nil
}
