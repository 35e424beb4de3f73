package sender

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestTheSenderOfARequest(t *testing.T) {
	trusted := Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, test := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"an address alone":                               {remote: "192.0.2.1:4711", want: "192.0.2.1"},
		"a header from an untrusted address":             {remote: "192.0.2.1:4711", forwarded: []string{"198.51.100.9"}, want: "192.0.2.1"},
		"a proxy that forwards":                          {remote: "10.0.0.1:4711", forwarded: []string{"198.51.100.9"}, want: "198.51.100.9"},
		"a proxy that forwards a port too":               {remote: "10.0.0.1:4711", forwarded: []string{"198.51.100.9:80"}, want: "198.51.100.9"},
		"a sender that pretends to be forwarded":         {remote: "10.0.0.1:4711", forwarded: []string{"203.0.113.5, 198.51.100.9"}, want: "198.51.100.9"},
		"a sender that pretends in a header of its own":  {remote: "10.0.0.1:4711", forwarded: []string{"203.0.113.5", "198.51.100.9"}, want: "198.51.100.9"},
		"a sender that pretends to come through a proxy": {remote: "10.0.0.1:4711", forwarded: []string{"203.0.113.5, 10.0.0.7, 198.51.100.9"}, want: "198.51.100.9"},
		"two proxies":                                     {remote: "10.0.0.1:4711", forwarded: []string{"198.51.100.9,10.0.0.2"}, want: "198.51.100.9"},
		"a proxy without the header":                      {remote: "10.0.0.1:4711", want: "10.0.0.1"},
		"proxies alone":                                   {remote: "10.0.0.1:4711", forwarded: []string{"10.0.0.3, 10.0.0.2"}, want: "10.0.0.3"},
		"a proxy with an unusable header":                 {remote: "10.0.0.1:4711", forwarded: []string{"unknown"}, want: "10.0.0.1"},
		"nonsense before the proxy's entry":               {remote: "10.0.0.1:4711", forwarded: []string{"<script>, 198.51.100.9"}, want: "198.51.100.9"},
		"an empty header":                                 {remote: "10.0.0.1:4711", forwarded: []string{""}, want: "10.0.0.1"},
		"an IPv6 address counts as its network":           {remote: "[2001:db8:1:2:3:4:5:6]:4711", want: "2001:db8:1:2::"},
		"a forwarded IPv6 address too":                    {remote: "[fd00::1]:4711", forwarded: []string{"[2001:db8:1:2:3:4:5:6]:80"}, want: "2001:db8:1:2::"},
		"an IPv4 address in IPv6's form is the same":      {remote: "[::ffff:192.0.2.1]:4711", want: "192.0.2.1"},
		"a proxy in IPv6's form is trusted":               {remote: "[::ffff:10.0.0.1]:4711", forwarded: []string{"198.51.100.9"}, want: "198.51.100.9"},
		"the zone of an address is ignored":               {remote: "[fe80::1%eth0]:4711", want: "fe80::"},
		"a connection without an address is the zero one": {remote: "@", want: "invalid IP"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: test.remote, Header: http.Header{"X-Forwarded-For": test.forwarded}}
			if got := trusted.Of(r).String(); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func FuzzSender(f *testing.F) {
	f.Add("10.0.0.1:1", "1.2.3.4, [::1]:80,,%")
	trusted := Proxies{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		from := trusted.Of(r)
		if from.Zone() != "" || from.Is4In6() {
			t.Errorf("%s is one of many forms of an address", from)
		}
		if direct := Proxies(nil).Of(r); !trusted.trusts(addressOf(remote)) && from != direct {
			t.Errorf("%s by the word of %s", from, direct)
		}
	})
}
