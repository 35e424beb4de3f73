package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/api"
)

type endpointsCommand struct {
	List    endpointsList    `cmd:"" help:"List the addresses that receive notifications, with their health."`
	Create  endpointsCreate  `cmd:"" help:"Add an address, and print its signing secret once."`
	Test    endpointsTest    `cmd:"" help:"Send a test message now, and print the answer."`
	Replay  endpointsReplay  `cmd:"" help:"Deliver notifications again: those that failed, or a range."`
	Rotate  endpointsRotate  `cmd:"" help:"Make a new signing secret. The old one stays valid for a while."`
	Enable  endpointsEnable  `cmd:"" help:"Deliver to an endpoint again, from where it stopped."`
	Disable endpointsDisable `cmd:"" help:"Deliver nothing to an endpoint until it is enabled."`
	Delete  endpointsDelete  `cmd:"" help:"Delete an endpoint and its deliveries."`
}

type endpointsList struct {
	output
	remoteService
}

func (endpointsList) Help() string {
	return examples("idem endpoints list", "idem endpoints list --environment production --json")
}

func (c endpointsList) Run(ctx context.Context, std streams) error {
	var page remote.Page[api.Endpoint]
	if err := c.client().Get(ctx, "endpoints", nil, &page); err != nil {
		return err
	}
	return c.print(std.out, page, func(w io.Writer) {
		if len(page.Data) == 0 {
			fmt.Fprintln(w, "No endpoint receives notifications. Add one with `idem endpoints create NAME URL`.")
			return
		}
		rows := [][]string{{"NAME", "URL", "TYPES", "STATE"}}
		for _, e := range page.Data {
			rows = append(rows, []string{e.Name, show.Printable(e.URL), typesOf(e), healthOf(e)})
		}
		show.Table(w, rows)
	})
}

func typesOf(e api.Endpoint) string {
	if len(e.Types) == 0 {
		return "all"
	}
	return strings.Join(e.Types, ",")
}

// healthOf describes whether an endpoint receives notifications now.
func healthOf(e api.Endpoint) string {
	switch {
	case !e.Enabled:
		return show.Bad("disabled") + " " + show.Faint(show.Printable(e.Disabled))
	case e.PausedUntil != nil:
		return show.Doubtful("paused") + " " + show.Faint(fmt.Sprintf("after %d failures", e.Failures))
	case e.Failures > 0:
		return show.Doubtful(fmt.Sprintf("%d failures", e.Failures))
	}
	return show.Good("enabled")
}

// oneEndpoint is embedded by the commands about one endpoint.
type oneEndpoint struct {
	output
	remoteService
	Name string `arg:"" help:"The name of the endpoint."`
}

type endpointsCreate struct {
	oneEndpoint
	To    string   `arg:"" name:"url" help:"Where notifications are posted: https in production."`
	Types []string `placeholder:"TYPE" help:"The types that it receives, such as subject.verdict_changed. The default is all."`
	After *int64   `placeholder:"SEQUENCE" help:"Begin after this notification; 0 for all that are stored. The default is the next one."`
}

func (endpointsCreate) Help() string {
	return `The secret is shown only now. Verify every message with it.

` + examples("idem endpoints create crm https://crm.example.com/idem", "idem endpoints create crm https://crm.example.com/idem --types subject.verdict_changed --after 0")
}

// endpointRequest asks for an endpoint.
type endpointRequest struct {
	Name  string   `json:"name"`
	URL   string   `json:"url"`
	Types []string `json:"types,omitempty"`
	After *int64   `json:"after,omitempty"`
}

func (c endpointsCreate) Run(ctx context.Context, std streams) error {
	var made api.EndpointWithSecret
	if err := c.client().Post(ctx, "endpoints", endpointRequest{c.Name, c.To, c.Types, c.After}, &made); err != nil {
		return err
	}
	return c.printSecret(std, made)
}

// printSecret prints an endpoint with its new secret.
func (o output) printSecret(std streams, made api.EndpointWithSecret) error {
	return o.print(std.out, made, func(w io.Writer) {
		fmt.Fprintln(w, made.Secret)
		fmt.Fprintln(std.err, "This is the only time that the secret is shown.")
	})
}

type endpointsTest struct{ oneEndpoint }

func (endpointsTest) Help() string {
	return `The message has the type endpoint.test and is signed like every other. It exits with 1 if the
endpoint does not accept it.

` + examples("idem endpoints test crm")
}

func (c endpointsTest) Run(ctx context.Context, std streams) error {
	var tested api.Tested
	if err := c.client().Post(ctx, remote.Path("endpoints", c.Name, "test"), nil, &tested); err != nil {
		return err
	}
	err := c.print(std.out, tested, func(w io.Writer) { fmt.Fprintln(w, attempted(tested.Attempt)) })
	if err == nil && !tested.Accepted {
		err = fmt.Errorf("%s does not accept the message", c.Name)
	}
	return err
}

type endpointsReplay struct {
	oneEndpoint
	FailedSince since `xor:"what" placeholder:"WHEN" help:"Those that failed since then: a duration such as 24h, a date, or a time such as 2026-01-02T03:04:05Z."`
	After       int64 `placeholder:"SEQUENCE" help:"With --until: those after this notification."`
	Until       int64 `xor:"what" placeholder:"SEQUENCE" help:"Those up to this notification."`
}

func (endpointsReplay) Help() string {
	return `A receiver recognizes a repeated notification by its id.

` + examples("idem endpoints replay crm --failed-since 24h", "idem endpoints replay crm --after 1000 --until 2000")
}

// replayRequest selects notifications that are delivered again.
type replayRequest struct {
	FailedSince *time.Time `json:"failed_since,omitempty"`
	After       string     `json:"after,omitempty"`
	Until       string     `json:"until,omitempty"`
}

func (c endpointsReplay) request() (replayRequest, error) {
	switch {
	case !c.FailedSince.IsZero():
		return replayRequest{FailedSince: &c.FailedSince.Time}, nil
	case c.Until > 0:
		return replayRequest{After: fmt.Sprint(c.After), Until: fmt.Sprint(c.Until)}, nil
	}
	return replayRequest{}, errors.New("say what to deliver again: --failed-since, or --after and --until")
}

// Validate checks what is selected.
func (c endpointsReplay) Validate() error {
	_, err := c.request()
	return errors.Join(err, c.remoteService.Validate())
}

// Run repeats the request while there are more: the service replays a limited number at once.
func (c endpointsReplay) Run(ctx context.Context, std streams) error {
	request, err := c.request()
	if err != nil {
		return err
	}
	total := 0
	for {
		var replayed api.ReplayedDeliveries
		if err := c.client().Post(ctx, remote.Path("endpoints", c.Name, "replay"), request, &replayed); err != nil {
			return fmt.Errorf("after %d notifications: %w", total, err)
		}
		total += replayed.Replayed
		if replayed.Next == "" || request.FailedSince != nil && replayed.Replayed == 0 {
			break
		}
		if request.FailedSince == nil {
			request.After = replayed.Next
		}
	}
	return c.print(std.out, map[string]int{"replayed": total}, func(w io.Writer) { fmt.Fprintf(w, "notifications that are delivered again: %d\n", total) })
}

type endpointsRotate struct {
	oneEndpoint
	Overlap string `default:"24h" placeholder:"DURATION" help:"How long the old secret stays valid, at most 720h (${default})."`
}

func (endpointsRotate) Help() string {
	return `Until then, messages are signed with both secrets. Give the new one to the receiver in
that time. The secret is shown only now.

` + examples("idem endpoints rotate crm", "idem endpoints rotate crm --overlap 72h")
}

func (c endpointsRotate) Run(ctx context.Context, std streams) error {
	var made api.EndpointWithSecret
	if err := c.client().Post(ctx, remote.Path("endpoints", c.Name, "rotate"), map[string]string{"overlap": c.Overlap}, &made); err != nil {
		return err
	}
	return c.printSecret(std, made)
}

// enable enables or disables the endpoint.
func (c oneEndpoint) enable(ctx context.Context, std streams, enabled bool) error {
	var e api.Endpoint
	if err := c.client().Patch(ctx, remote.Path("endpoints", c.Name), map[string]bool{"enabled": enabled}, &e); err != nil {
		return err
	}
	return c.print(std.out, e, func(w io.Writer) { fmt.Fprintf(w, "%s: %s\n", e.Name, healthOf(e)) })
}

type endpointsEnable struct{ oneEndpoint }

func (endpointsEnable) Help() string {
	return `What was to be delivered in the meantime is delivered now.

` + examples("idem endpoints enable crm")
}

func (c endpointsEnable) Run(ctx context.Context, std streams) error { return c.enable(ctx, std, true) }

type endpointsDisable struct{ oneEndpoint }

func (endpointsDisable) Help() string {
	return `Notifications are kept for it, and delivered when it is enabled again.

` + examples("idem endpoints disable crm")
}

func (c endpointsDisable) Run(ctx context.Context, std streams) error {
	return c.enable(ctx, std, false)
}

type endpointsDelete struct{ oneEndpoint }

func (endpointsDelete) Help() string { return examples("idem endpoints delete crm") }

func (c endpointsDelete) Run(ctx context.Context, std streams) error {
	if err := c.client().Delete(ctx, remote.Path("endpoints", c.Name)); err != nil {
		return err
	}
	return c.print(std.out, map[string]string{"deleted": c.Name}, func(w io.Writer) { fmt.Fprintf(w, "%s deleted\n", c.Name) })
}
