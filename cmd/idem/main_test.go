package main

import (
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // the driver
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"idem": main})
}

// TestCommands runs the sessions in testdata/script.
func TestCommands(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fetch":        fetch,
			"free-address": freeAddress,
			"receiver":     receiver,
			"sql":          execSQL,
			"usage":        usage,
			"wait-for":     waitFor,
		},
	})
}

// usage runs idem, which must exit with the code of a wrong call.
func usage(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("idem", args...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitUsage {
		ts.Fatalf("idem %s ended with %v instead of the exit code %d", strings.Join(args, " "), err, exitUsage)
	}
}

// freeAddress puts an address of this machine that nothing listens at into a variable.
func freeAddress(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: free-address VARIABLE")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], listener.Addr().String())
	ts.Check(listener.Close())
}

// execSQL changes a database of SQLite behind the service's back.
func execSQL(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: sql FILE STATEMENT")
	}
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(args[0])+"?_pragma=busy_timeout(10000)")
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(args[1])
	ts.Check(err)
}

// fetch prints what is at a web address, or what it answers to a JSON document.
func fetch(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 && len(args) != 2 {
		ts.Fatalf("usage: fetch URL [JSON]")
	}
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	request, err := http.NewRequest(http.MethodGet, args[0], nil)
	if len(args) == 2 {
		request, err = http.NewRequest(http.MethodPost, args[0], strings.NewReader(args[1]))
	}
	ts.Check(err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+ts.Getenv("PERSONA_API_KEY"))
	res, err := client.Do(request)
	ts.Check(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	_, err = ts.Stdout().Write(body)
	ts.Check(err)
}

// waitFor waits until something answers with 200 at a web address.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: wait-for URL")
	}
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		res, err := client.Get(args[0])
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s never answered with 200", args[0])
		}
	}
}
