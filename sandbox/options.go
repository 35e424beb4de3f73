package sandbox

import (
	"context"
	"net"
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/seed"
)

// Options say how a sandbox behaves. The zero Options is a sandbox as the package
// comment describes it.
type Options struct {
	// Wall is the wall's clock: time.Now unless set. See [Sandbox.Advance].
	Wall func() time.Time

	// Clock is what the sandbox's clock shows at the start: the wall's time unless
	// set. It runs on from there.
	Clock time.Time

	// RateLimit is how many calls an environment may make in a minute: 300 unless
	// set, as in production at Persona.
	RateLimit int

	// Quotas are how many of a thing an environment may create in a minute: of
	// inquiry, case, account, report and transaction. What is not named is not limited.
	Quotas map[string]int

	// RetryScale multiplies the delays between the attempts of a delivery, which are
	// up to 32 hours: 1 unless set.
	RetryScale float64

	// DeliveryTimeout is how long a receiver of webhooks may take: 5 s unless set.
	DeliveryTimeout time.Duration

	// Dial connects to the receivers of webhooks: over the network unless set.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Seed is what there is beside the fixtures. What it says about clock, limits and
	// faults counts where these options are silent.
	Seed *Seed

	// FaultSeed is what the faults with a rate draw by: with the same one, the same
	// calls and deliveries go wrong.
	FaultSeed uint64

	// URL is the public address of the sandbox, such as that of a tunnel to it: links and
	// files are there. Without it they are where a caller reached the sandbox, and
	// those in webhooks where the latest caller did.
	URL string

	// RemoteControl serves /_sandbox/ to everyone who can connect, instead of to this
	// machine alone.
	RemoteControl bool
}

// Seed is what a sandbox holds from the beginning beside the fixtures of this
// package, and how it behaves: the content of a seed file. [ReadSeed] makes one;
// examples/sandbox/seed.yaml shows all there is.
type Seed = seed.Seed

// engine returns the options of the engine.
func (o Options) engine() engine.Options {
	return seed.Complete(engine.Options{
		Wall: o.Wall, Clock: o.Clock, RateLimit: o.RateLimit, Quotas: o.Quotas, RetryScale: o.RetryScale, DeliveryTimeout: o.DeliveryTimeout,
		Dial: o.Dial, FaultSeed: o.FaultSeed, URL: o.URL, RemoteControl: o.RemoteControl,
	}, o.Seed)
}
