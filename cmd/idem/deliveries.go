package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
)

type deliveriesCommand struct {
	List   deliveriesList   `cmd:"" help:"List deliveries of notifications, newest first."`
	Show   deliveriesShow   `cmd:"" help:"Show a delivery with its attempts and answers."`
	Replay deliveriesReplay `cmd:"" help:"Deliver a notification again."`
}

type deliveriesList struct {
	output
	remoteService
	list
	Endpoint     string `placeholder:"NAME" help:"Only those to this endpoint."`
	Notification string `placeholder:"ID" help:"Only those of this notification."`
	State        string `enum:",waiting,held,delivered,failed" default:"" placeholder:"STATE" help:"Only those in this state: waiting, held (behind an earlier one of the same subject), delivered or failed."`
}

func (deliveriesList) Help() string {
	return examples("idem deliveries list --state failed", "idem deliveries list --endpoint crm --json")
}

func (c deliveriesList) Run(ctx context.Context, std streams) error {
	var page remote.Page[api.Delivery]
	query := with(with(with(c.query("before"), "endpoint", c.Endpoint), "notification", c.Notification), "state", c.State)
	if err := c.client().Get(ctx, "deliveries", query, &page); err != nil {
		return err
	}
	return c.print(std.out, page, func(w io.Writer) {
		rows := [][]string{{"CREATED", "DELIVERY", "ENDPOINT", "TYPE", "SUBJECT", "STATE"}}
		for _, d := range page.Data {
			rows = append(rows, []string{moment(d.CreatedAt), d.ID, d.Endpoint, d.Type, show.Printable(d.Reference), stateOf(d)})
		}
		show.Table(w, rows)
		printNext(w, page.Next)
	})
}

// stateOf describes how far a delivery is.
func stateOf(d api.Delivery) string {
	switch d.State {
	case domain.DeliveryDelivered:
		return show.Good(string(d.State))
	case domain.DeliveryFailed:
		return show.Bad(string(d.State))
	}
	if d.Attempts == 0 {
		return string(d.State)
	}
	return string(d.State) + " " + show.Faint(fmt.Sprintf("after %d attempts", d.Attempts))
}

// oneDelivery is embedded by the commands about one delivery.
type oneDelivery struct {
	output
	remoteService
	ID string `arg:"" help:"The delivery (see idem deliveries list)."`
}

type deliveriesShow struct{ oneDelivery }

func (deliveriesShow) Help() string { return examples("idem deliveries show dlv_…") }

func (c deliveriesShow) Run(ctx context.Context, std streams) error {
	var d api.Delivery
	if err := c.client().Get(ctx, remote.Path("deliveries", c.ID), nil, &d); err != nil {
		return err
	}
	return c.print(std.out, d, func(w io.Writer) {
		fmt.Fprintf(w, "%s to %s: %s\n%s of %s, notification %s\n", d.ID, d.Endpoint, stateOf(d), d.Type, show.Printable(d.Reference), d.NotificationID)
		for _, a := range d.Log {
			fmt.Fprintln(w, moment(a.At), attempted(a))
		}
		if d.NextAttemptAt != nil {
			fmt.Fprintf(w, "next attempt %s\n", moment(*d.NextAttemptAt))
		}
	})
}

// attempted describes an attempt and the start of its answer.
func attempted(a domain.Attempt) string {
	text := fmt.Sprintf("answered %d in %d ms", a.Status, a.Millis)
	if a.Status == 0 {
		text = "no answer: " + show.Printable(a.Error)
	}
	if said := strings.TrimSpace(a.Response); said != "" {
		text += ": " + show.Printable(said)
	}
	return text
}

type deliveriesReplay struct{ oneDelivery }

func (deliveriesReplay) Help() string {
	return `A receiver recognizes a repeated notification by its id.

` + examples("idem deliveries replay dlv_…")
}

func (c deliveriesReplay) Run(ctx context.Context, std streams) error {
	var replayed api.ReplayedDeliveries
	if err := c.client().Post(ctx, remote.Path("deliveries", c.ID, "replay"), nil, &replayed); err != nil {
		return err
	}
	return c.print(std.out, replayed, func(w io.Writer) {
		if replayed.Replayed == 0 {
			fmt.Fprintln(w, "the endpoint does not receive this type any more")
			return
		}
		fmt.Fprintln(w, "it is delivered again")
	})
}
