package main

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
)

// remoteService is embedded by the commands that call a running service.
type remoteService struct {
	Environment string `enum:"sandbox,production" default:"sandbox" placeholder:"ENVIRONMENT" help:"The environment: sandbox or production (${default})."`
	URL         string `name:"url" default:"http://127.0.0.1:8080" placeholder:"URL" env:"IDEM_URL" help:"The address of the service (${default})."`
	Token       string `env:"IDEM_API_TOKEN" placeholder:"TOKEN" help:"The token of the service's API. Prefer the variable, because other users of the machine can read flags."`
}

// Validate checks the address and the token.
func (r remoteService) Validate() error {
	if u, err := url.Parse(r.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("--url %q is not a web address such as http://127.0.0.1:8080", r.URL)
	}
	if r.Token == "" {
		return errors.New("no token: set IDEM_API_TOKEN or --token to the service's api_token")
	}
	return nil
}

func (r remoteService) client() remote.Client {
	return remote.Client{URL: r.URL, Token: r.Token, Environment: r.Environment}
}

// list is embedded by the commands that list rows.
type list struct {
	Limit int    `default:"20" placeholder:"N" help:"The maximum number of rows, up to 100 (${default})."`
	Next  string `placeholder:"CURSOR" help:"Continue after the previous page: its \"next\"."`
}

// query returns the parameters of a list. Cursor is the name of its cursor parameter.
func (l list) query(cursor string) url.Values {
	q := url.Values{"limit": {fmt.Sprint(min(l.Limit, 100))}}
	if l.Next != "" {
		q.Set(cursor, l.Next)
	}
	return q
}

// with sets a parameter, unless the value is empty.
func with(q url.Values, name, value string) url.Values {
	if value != "" {
		q.Set(name, value)
	}
	return q
}

func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
