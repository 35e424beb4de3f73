package main

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/idemhq/idem/cmd/idem/internal/demo"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/telemetry"
)

type demoCommand struct {
	output
	Verbose bool `short:"v" help:"Also print the service's log."`
}

func (demoCommand) Help() string { return examples("idem demo", "idem demo --json") }

func (c demoCommand) Run(ctx context.Context, std streams) error {
	logger := slog.New(slog.DiscardHandler)
	if c.Verbose {
		logger = telemetry.NewLogger(std.err, "text", slog.LevelInfo)
	}
	w := std.out
	if c.JSON {
		w = io.Discard
	}
	steps, err := demo.Run(ctx, w, logger)
	if c.JSON {
		err = errors.Join(err, show.JSON(std.out, steps))
	}
	return err
}
