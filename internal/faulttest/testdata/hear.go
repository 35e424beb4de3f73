package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/idemhq/idem/service"
)

// ears are a host application of which the service is a part. Its table of users is a file of
// JSON lines, which survives a kill. The test is asked before and after each line is written.
type ears struct{ table, test string }

func hear(s *service.Service) {
	e := ears{os.Getenv("IDEM_TEST_HEARD"), os.Getenv("IDEM_TEST_EARS")}
	if e.table == "" {
		return
	}
	s.OnVerdict(func(ctx context.Context, change service.VerdictChange) error {
		if err := e.ask(ctx, "/before"); err != nil {
			return err
		}
		if err := e.write(change); err != nil {
			return err
		}
		return e.ask(ctx, "/after")
	})
}

// write appends a line with one call of the operating system, so a kill leaves no part of it.
func (e ears) write(change service.VerdictChange) error {
	line, err := json.Marshal(change)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(e.table, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(append(line, '\n'))
	return err
}

func (e ears) ask(ctx context.Context, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.test+path, nil)
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
