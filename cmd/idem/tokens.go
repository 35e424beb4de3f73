package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/api"
)

type tokensCommand struct {
	Create tokensCreateCommand `cmd:"" help:"Create a token for the API, and print it once."`
	List   tokensListCommand   `cmd:"" help:"List the tokens with their scopes and last use."`
	Revoke tokensRevokeCommand `cmd:"" help:"Revoke a token. It stops working at once."`
}

// wholeService is embedded by commands that call a running service about no environment.
type wholeService struct {
	URL   string `name:"url" default:"http://127.0.0.1:8080" placeholder:"URL" env:"IDEM_URL" help:"The address of the service (${default})."`
	Token string `env:"IDEM_API_TOKEN" placeholder:"TOKEN" help:"A token with the scope admin, or the api_token of the configuration. Prefer the variable, because other users of the machine can read flags."`
}

// Validate checks the address and the token.
func (w wholeService) Validate() error { return remoteService{URL: w.URL, Token: w.Token}.Validate() }

func (w wholeService) client() remote.Client { return remote.Client{URL: w.URL, Token: w.Token} }

type tokensCreateCommand struct {
	output
	wholeService
	Name      string   `arg:"" help:"The name, which appears in the audit trail: letters, digits, dots, dashes and underscores."`
	Scopes    []string `required:"" placeholder:"SCOPE" help:"What it allows: read, verify, act, admin (which includes all)."`
	Only      string   `enum:",sandbox,production" default:"" placeholder:"ENVIRONMENT" help:"Limit it to one environment: sandbox or production."`
	ExpiresIn string   `placeholder:"DURATION" help:"When it stops working, such as 24h or 90d. The default is never."`
}

func (tokensCreateCommand) Help() string {
	return `The token is shown only now. The service stores its hash.

` + examples("idem tokens create crm --scopes read", "idem tokens create support --scopes read,act --only sandbox --expires-in 90d", "# Store it where only you can read it", "(umask 077; idem tokens create crm --scopes read --json > crm.json)")
}

// tokenRequest asks for a token.
type tokenRequest struct {
	Name        string   `json:"name"`
	Scopes      []string `json:"scopes"`
	Environment string   `json:"environment,omitempty"`
	ExpiresIn   string   `json:"expires_in,omitempty"`
}

func (c tokensCreateCommand) Run(ctx context.Context, std streams) error {
	var made api.TokenWithSecret
	if err := c.client().Post(ctx, "tokens", tokenRequest{c.Name, c.Scopes, c.Only, c.ExpiresIn}, &made); err != nil {
		return err
	}
	return c.print(std.out, made, func(w io.Writer) {
		fmt.Fprintln(w, made.Secret)
		fmt.Fprintln(std.err, "This is the only time that the token is shown.")
	})
}

type tokensListCommand struct {
	output
	wholeService
}

func (tokensListCommand) Help() string {
	return examples("idem tokens list", "idem tokens list --json")
}

func (c tokensListCommand) Run(ctx context.Context, std streams) error {
	all, err := listTokens(ctx, c.client())
	if err != nil {
		return err
	}
	return c.print(std.out, all, func(w io.Writer) {
		rows := [][]string{{"NAME", "ID", "SCOPES", "ENVIRONMENT", "CREATED", "LAST USED", "EXPIRES"}}
		for _, t := range all.Data {
			rows = append(rows, []string{t.Name, t.ID, scopesOf(t), orAll(t.Environment), moment(t.CreatedAt), sinceWhen(t.LastUsedAt), expiry(t.ExpiresAt)})
		}
		show.Table(w, rows)
	})
}

func listTokens(ctx context.Context, service remote.Client) (all api.TokenList, err error) {
	err = service.Get(ctx, "tokens", url.Values{}, &all)
	return all, err
}

func scopesOf(t api.Token) string {
	names := make([]string, len(t.Scopes))
	for i, s := range t.Scopes {
		names[i] = string(s)
	}
	return strings.Join(names, ",")
}

func orAll(environment string) string {
	if environment == "" {
		return "all"
	}
	return environment
}

// expiry formats when a token expires.
func expiry(at *time.Time) string {
	switch {
	case at == nil:
		return "never"
	case at.Before(time.Now()):
		return show.Bad("expired")
	}
	return moment(*at)
}

type tokensRevokeCommand struct {
	output
	wholeService
	Which string `arg:"" name:"name-or-id" help:"The name or the id (tok_…) of the token."`
}

func (tokensRevokeCommand) Help() string {
	return examples("idem tokens revoke crm", "idem tokens revoke tok_…")
}

func (c tokensRevokeCommand) Run(ctx context.Context, std streams) error {
	all, err := listTokens(ctx, c.client())
	if err != nil {
		return err
	}
	for _, t := range all.Data {
		if t.Name != c.Which && t.ID != c.Which {
			continue
		}
		if err := c.client().Delete(ctx, remote.Path("tokens", t.ID)); err != nil {
			return err
		}
		return c.print(std.out, map[string]string{"revoked": t.ID}, func(w io.Writer) { fmt.Fprintf(w, "%s revoked\n", t.Name) })
	}
	return fmt.Errorf("there is no token %q: idem tokens list shows those that there are", c.Which)
}
