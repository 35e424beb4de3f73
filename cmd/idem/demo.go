package main

import (
	"context"
	"log/slog"

	"github.com/idemhq/idem/cmd/idem/internal/demo"
	"github.com/idemhq/idem/internal/telemetry"
)

type demoCommand struct {
	Verbose bool `short:"v" help:"Also print the service's log."`
}

func (c demoCommand) Run(ctx context.Context, std streams) error {
	logger := slog.New(slog.DiscardHandler)
	if c.Verbose {
		logger = telemetry.NewLogger(std.err, "text", slog.LevelInfo)
	}
	return demo.Run(ctx, std.out, logger)
}
