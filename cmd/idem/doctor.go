package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/doctor"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/service"
)

type doctorCommand struct {
	output
	Config      string `type:"path" placeholder:"FILE" env:"IDEM_CONFIG" help:"The service's configuration file. Environment variables override the file."`
	Environment string `enum:"sandbox,production,all" default:"all" placeholder:"ENVIRONMENT" help:"The environment to check: sandbox, production or all (${default})."`
	URL         string `name:"url" placeholder:"URL" env:"IDEM_URL" help:"The address of the running service. The default is the listen address of the configuration."`
	PublicURL   string `placeholder:"URL" help:"The address at which Persona reaches the service. It identifies the webhook. The default is a webhook with a configured secret or a matching path."`
	Strict      bool   `help:"Treat warnings as problems."`
}

func (doctorCommand) Help() string {
	return `It changes nothing. Each finding says what to do. The exit code is 1 if there is a problem.

` + examples("idem doctor --config idem.yaml", "idem doctor --config idem.yaml --environment production --strict --json")
}

func (c doctorCommand) Run(ctx context.Context, std streams) error {
	cfg, err := service.LoadConfig(c.Config, os.Getenv)
	if err != nil {
		return err
	}
	environments := doctor.Environments(cfg)
	if c.Environment != "all" {
		environments = []service.Environment{service.Environment(c.Environment)}
		if _, configured := cfg.Environments[environments[0]]; !configured {
			return fmt.Errorf("the environment %s is not configured", c.Environment)
		}
	}
	options := doctor.Options{
		ConfigFile: c.Config, Config: cfg, Environments: environments, HTTP: http.DefaultClient, Now: time.Now,
		ServiceURL: cmp.Or(c.URL, localURL(cfg.Listen)), PublicURL: c.PublicURL,
	}
	findings := []doctor.Finding{}
	doctor.Examine(ctx, options, func(f doctor.Finding) {
		findings = append(findings, f)
		if !c.JSON { // each as soon as it is there
			_ = show.Text(std.out, func(w io.Writer) { printFinding(w, f) })
		}
	})
	if c.JSON {
		if err := show.JSON(std.out, findings); err != nil {
			return err
		}
	}
	switch worst := doctor.Worst(findings); {
	case worst == doctor.Problem:
		return errors.New("there are problems")
	case worst == doctor.Warning && c.Strict:
		return errors.New("there are warnings, which --strict treats as problems")
	}
	return nil
}

// localURL returns the address of a service on this machine that listens on host:port.
func localURL(listen string) string {
	host, port, _ := net.SplitHostPort(listen) // it was checked
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func printFinding(w io.Writer, f doctor.Finding) {
	mark := map[doctor.Level]string{
		doctor.OK: show.Good("ok     "), doctor.Warning: show.Doubtful("warning"), doctor.Problem: show.Bad("problem"), doctor.Skipped: show.Faint("skipped"),
	}[f.Level]
	fmt.Fprintf(w, "%s  %-10s  %s: %s\n", mark, f.Environment, f.Check, f.Found)
	if f.Do != "" {
		fmt.Fprintf(w, "                       → %s\n", f.Do)
	}
}
