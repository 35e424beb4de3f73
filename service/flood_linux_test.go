package service

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/serve"
	"github.com/idemhq/idem/persona/webhook"
)

// A flood from unknown senders does not keep genuine webhooks out. The flood is 2,000
// sockets that send one byte per second and 200 wrongly signed requests per second. Genuine
// webhooks arrive at a quarter of the maximum rate. Each of them is answered with 200
// within a second, even if all requests come from one address.
func TestAFloodDoesNotKeepGenuineWebhooksOut(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes twenty seconds")
	}
	raiseFileLimit(t, 3*slowSockets)
	for name, test := range map[string]struct {
		proxies []string
		slow    func(i int) (from, forwarded string)
		wrong   string // the address of those that are wrongly signed
	}{
		"from many addresses": {
			slow:  func(i int) (string, string) { return fmt.Sprintf("127.1.%d.%d", i/250, i%250+1), "" },
			wrong: "127.2.0.1",
		},
		"from the address of the genuine ones": {
			slow:  func(int) (string, string) { return "127.0.0.1", "" },
			wrong: "127.0.0.1",
		},
		"behind a proxy that is trusted": {
			proxies: []string{"127.0.0.1"},
			slow:    func(i int) (string, string) { return "127.0.0.1", fmt.Sprintf("198.51.100.%d", i%250) },
			wrong:   "127.0.0.1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFlood(t, benchService(t, "", test.proxies...).Handler())
			url := "http://" + f.target + "/webhooks/persona/sandbox"
			started := time.Now()
			fire(t, url, benchRequests(t, 2000), 64, 0)
			each := 4 * time.Since(started) / 2000

			for i := range slowSockets {
				from, forwarded := test.slow(i)
				f.sending.Go(func() { f.trickle(from, forwarded) })
			}
			f.sending.Go(func() { f.sendWrong(test.wrong) })
			f.wait("the flood is there", func() bool { return f.open.Load() > slowSockets*3/4 && f.refused.Load() > 100 })

			for try := 1; !f.measure(url, each); try++ {
				if try == tries {
					t.Fatalf("in none of %d tries were all webhooks answered within %v", tries, wanted)
				}
			}
		})
	}
}

// measure sends genuine webhooks during the flood and reports whether each was answered
// within the wanted time. Each must be answered with 200 before Persona would give up.
func (f *flood) measure(url string, each time.Duration) bool {
	f.t.Helper()
	wrongBefore, flood := f.refused.Load(), time.Now()
	answers := fire(f.t, url, benchRequests(f.t, int(4*time.Second/each)), 64, each)
	wrong := float64(f.refused.Load()-wrongBefore) / time.Since(flood).Seconds()
	slowest := percentile(answers, 100)
	if slowest > personaTimeout {
		f.t.Errorf("the slowest of %d webhooks was answered after %v", len(answers), slowest)
	}
	if f.other.Load() > 0 {
		f.t.Errorf("%d wrongly signed requests were answered with %d", f.other.Load(), f.status.Load())
	}
	f.t.Logf("%d genuine webhooks, one each %v, 99%% answered within %v and all within %v; %d slow sockets, %.0f wrongly signed a second",
		len(answers), each.Round(time.Microsecond), percentile(answers, 99).Round(time.Microsecond), slowest.Round(time.Microsecond), f.open.Load(), wrong)
	return slowest <= wanted || underRace
}

const (
	wanted         = time.Second     // for an answer
	personaTimeout = 5 * time.Second // Persona's time-out
	tries          = 3               // other programs may be using the processors

	slowSockets    = 2000
	wrongASecond   = 200
	trickleEvery   = time.Second
	reconnectAfter = 500 * time.Millisecond // of a slow socket that was closed
	announcedBody  = 6000
)

// flood simulates unknown senders that send a server.
type flood struct {
	t       *testing.T
	ctx     context.Context
	target  string
	sending sync.WaitGroup

	open, refused, other, status atomic.Int64
}

// newFlood serves a handler as "idem serve" does, until the test ends.
func newFlood(t *testing.T, handler http.Handler) *flood {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &flood{t: t, ctx: ctx, target: listener.Addr().String()}
	serving, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- serve.HTTP(serving, listener, handler) }()
	t.Cleanup(func() {
		cancel()
		f.sending.Wait()
		stop()
		if err := <-served; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return f
}

func (f *flood) wait(what string, holds func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("timed out waiting until %s", what)
		}
	}
}

// pause waits, and reports whether to continue.
func (f *flood) pause(d time.Duration) bool {
	select {
	case <-f.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// trickle sends the head of a request and then its body byte by byte. When it is cut off it
// starts again.
func (f *flood) trickle(from, forwarded string) {
	head := fmt.Sprintf("POST /webhooks/persona/sandbox HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nX-Forwarded-For: %s\r\n%s: %s\r\n\r\n{",
		f.target, announcedBody, forwarded, webhook.SignatureHeader, webhook.Sign(nil, time.Now(), "wbhsec_other"))
	for f.ctx.Err() == nil {
		f.trickleOnce(from, head)
		f.pause(reconnectAfter)
	}
}

func (f *flood) trickleOnce(from, head string) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := dialer.DialContext(f.ctx, "tcp", f.target)
	if err != nil {
		return
	}
	defer c.Close()
	if _, err := io.WriteString(c, head); err != nil {
		return
	}
	f.open.Add(1)
	defer f.open.Add(-1)
	for f.pause(trickleEvery) {
		if _, err := io.WriteString(c, " "); err != nil {
			return
		}
	}
}

// sendWrong sends complete requests with a wrong signature.
func (f *flood) sendWrong(from string) {
	transport := &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext, MaxIdleConnsPerHost: 16}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	body := strings.Repeat(" ", announcedBody)
	signature := webhook.Sign([]byte(body), time.Now(), "wbhsec_other")
	var sending sync.WaitGroup
	defer sending.Wait()
	started := time.Now()
	for i := 0; f.pause(time.Until(started.Add(time.Duration(i) * time.Second / wrongASecond))); i++ {
		sending.Go(func() {
			request, err := http.NewRequestWithContext(f.ctx, http.MethodPost, "http://"+f.target+"/webhooks/persona/sandbox", strings.NewReader(body))
			if err != nil {
				f.t.Error(err)
				return
			}
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("X-Forwarded-For", "203.0.113.9")
			request.Header.Set(webhook.SignatureHeader, signature)
			response, err := client.Do(request)
			if err != nil {
				return // the test ended
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if response.StatusCode != http.StatusUnauthorized {
				f.other.Add(1)
				f.status.Store(int64(response.StatusCode))
				return
			}
			f.refused.Add(1)
		})
	}
}

// raiseFileLimit raises the limit of open files to want, or skips the test.
func raiseFileLimit(t *testing.T, want uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Cur >= want {
		return
	}
	limit.Cur = want
	limit.Max = max(limit.Max, want)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skipf("%d open files are needed, and not allowed: %v", want, err)
	}
}
