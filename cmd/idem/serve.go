package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/idemhq/idem/cmd/idem/internal/doctor"
	"github.com/idemhq/idem/internal/serve"
	"github.com/idemhq/idem/service"
)

type serveCommand struct {
	output
	Config  string `type:"path" placeholder:"FILE" env:"IDEM_CONFIG" help:"The configuration file. Environment variables override the file; it is not needed when they set everything."`
	Check   bool   `help:"Check the configuration and the policies, test the API keys at Persona, and exit."`
	Offline bool   `help:"With --check, do not test the API keys."`
}

func (serveCommand) Help() string {
	return examples("idem serve --config idem.yaml",
		"# Check the configuration, the policies and the keys only", "idem serve --config idem.yaml --check",
		"# Without the network", "idem serve --config idem.yaml --check --offline",
		"# Without a file", "IDEM_SANDBOX_API_KEY=persona_sandbox_… IDEM_SANDBOX_WEBHOOK_SECRETS=wbhsec_… idem serve")
}

// Validate rejects a flag that would do nothing.
func (c serveCommand) Validate() error {
	if c.Offline && !c.Check {
		return errors.New("--offline belongs to --check")
	}
	return nil
}

func (c serveCommand) Run(ctx context.Context, std streams) error {
	cfg, err := service.LoadConfig(c.Config, os.Getenv)
	if err != nil {
		return err
	}
	if c.Check {
		return c.check(ctx, cfg, std.out)
	}
	tuneGC(os.Getenv)
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGHUP)
	defer signal.Stop(told)
	logger := cfg.Logger(std.err)
	s, err := service.New(ctx, cfg, logger)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("%w: choose another address with listen or IDEM_LISTEN", err)
	}
	logger.InfoContext(ctx, "listening", "address", listener.Addr().String())

	// The handler stops before the service does: what it answered with 200 is stored.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		defer cancel() // a service that ended by itself answers nobody
		ended <- s.Run(running)
	}()
	go s.Follow(running, func() (service.Config, error) { return service.LoadConfig(c.Config, os.Getenv) }, told)
	served := serve.HTTP(ctx, listener, s.Handler())
	stop()
	if err := <-ended; err != nil {
		return err
	}
	return served
}

// check looks at what the service needs, and starts nothing.
func (c serveCommand) check(ctx context.Context, cfg service.Config, out io.Writer) error {
	if err := service.CheckPolicies(cfg); err != nil {
		return err
	}
	environments := doctor.Environments(cfg)
	for _, environment := range environments {
		if c.Offline {
			break
		}
		key := doctor.Options{Config: cfg, HTTP: http.DefaultClient}.Key(ctx, environment)
		if key.Level != doctor.OK {
			return fmt.Errorf("the key of the environment %s: %s: %s; --offline does not try it", environment, key.Found, key.Do)
		}
	}
	return c.print(out, map[string]any{"valid": true, "environments": environments}, func(w io.Writer) {
		names := make([]string, len(environments))
		for i, environment := range environments {
			names[i] = string(environment)
		}
		fmt.Fprintf(w, "the configuration is valid, for: %s\n", strings.Join(names, ", "))
	})
}

const (
	gcPercent   = 400
	memoryLimit = 512 << 20 // bytes
)

// tuneGC trades memory for speed, unless the environment has settings of its own. Most of
// what the service allocates lives as long as one event: with Go's default the collector
// takes a fifth of the processor's time. Above the limit it runs as often as needed.
func tuneGC(getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
