package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/pages"
	"github.com/idemhq/idem/sandbox/internal/seed"
	"github.com/idemhq/idem/sandbox/internal/simclock"
)

// Options are the settings of a sandbox. The zero Options are a sandbox as the package
// comment describes it.
type Options struct {
	// Wall is the wall clock. The default is time.Now. See [Sandbox.Advance].
	Wall func() time.Time

	// Clock is the initial time of the sandbox's clock, which runs on from there. The
	// default is the wall clock's time.
	Clock time.Time

	// RateLimit is how many calls an environment may make per minute. The default is
	// 300, as in production at Persona.
	RateLimit int

	// Quotas are how many resources an environment may create per minute, by product:
	// inquiry, case, account, report or transaction. Other products have no quota.
	Quotas map[string]int

	// RetryScale multiplies the delays between the attempts of a delivery, which are up
	// to 32 hours. The default is 1.
	RetryScale float64

	// DeliveryTimeout is how long a receiver of webhooks may take to answer. The default
	// is 5 s.
	DeliveryTimeout time.Duration

	// Dial connects to the receivers of webhooks. The default connects over the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Seed is what the sandbox contains in addition to the fixtures. These options
	// override the clock, limits, quotas and fault seed of the seed.
	Seed *Seed

	// FaultSeed decides which calls and deliveries are hit by faults with a rate. The same
	// seed repeats a run.
	FaultSeed uint64

	// URL is the public address of the sandbox, such as that of a tunnel, for links and
	// files. The default is the address that a caller uses, and for webhooks the address
	// that the latest caller used.
	URL string

	// RemoteControl lets other machines use the inspector and the control API.
	RemoteControl bool
}

// Seed is the content of a seed file: what a sandbox contains in addition to the fixtures,
// its initial time, limits, quotas and faults. [ReadSeed] reads one; pass it to
// [Options.Seed]. examples/sandbox/seed.yaml shows everything that a seed can contain.
type Seed = seed.Seed

// ReadSeed reads a seed file, which is one YAML document. The name is for errors, which
// contain line and column. [New] checks what only a sandbox knows, such as whether an
// account's type exists.
func ReadSeed(name string, from io.Reader) (*Seed, error) { return seed.ReadSeed(name, from) }

// engine checks the options and returns those of the engine.
func (o Options) engine() (engine.Options, error) {
	if o.RateLimit < 0 || o.RetryScale < 0 || o.DeliveryTimeout < 0 {
		return engine.Options{}, errors.New("sandbox: RateLimit, RetryScale and DeliveryTimeout must not be below zero")
	}
	for _, product := range slices.Sorted(maps.Keys(o.Quotas)) {
		if known := catalog.QuotaProducts(); !slices.Contains(known, product) {
			return engine.Options{}, fmt.Errorf("sandbox: there is no quota of %q, only of %s%s", product, strings.Join(known, ", "), spelling.DidYouMean(product, known))
		}
	}
	if o.URL != "" && !pages.IsOrigin(o.URL) {
		return engine.Options{}, errors.New("sandbox: the URL must be an http or https address without a path, such as https://idem.example.com")
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	seeded := o.Seed.Settings()
	if o.Clock.IsZero() {
		o.Clock = seeded.Clock
	}
	if o.Quotas == nil {
		o.Quotas = seeded.Quotas
	}
	return engine.Options{
		Clock:     simclock.New(o.Wall, o.Clock),
		RateLimit: cmp.Or(o.RateLimit, seeded.RateLimit, 300),
		Quotas:    o.Quotas,
		URL:       o.URL,
		FaultSeed: cmp.Or(o.FaultSeed, seeded.FaultSeed),
		Faults:    seeded.Faults,
		Deliveries: deliveries.Options{
			RetryScale: cmp.Or(o.RetryScale, 1), Timeout: cmp.Or(o.DeliveryTimeout, 5*time.Second), Dial: o.Dial,
		},
	}, nil
}
