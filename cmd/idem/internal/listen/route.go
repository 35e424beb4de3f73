package listen

import (
	"fmt"
	"net/url"
	"strings"
)

// Routes say where events go.
type Routes struct {
	Default string // for events that no pattern fits; "" for nowhere
	ByName  []Route
}

// Route is an address for events whose names fit a pattern. A star in a pattern stands
// for any text: inquiry.*, report/*.matched, *.
type Route struct{ Pattern, URL string }

// ParseRoute reads PATTERN=URL.
func ParseRoute(text string) (Route, error) {
	pattern, address, ok := strings.Cut(text, "=")
	if !ok || pattern == "" {
		return Route{}, fmt.Errorf("%q is not PATTERN=URL, such as inquiry.*=http://127.0.0.1:3000/hooks", text)
	}
	return Route{pattern, address}, CheckURL(address)
}

// CheckURL reports what is wrong with an address.
func CheckURL(address string) error {
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is not a web address such as http://127.0.0.1:3000/hooks", address)
	}
	return nil
}

// For returns the addresses of an event, each once.
func (r Routes) For(name string) (addresses []string) {
	fits, known := false, map[string]bool{}
	for _, route := range r.ByName {
		if !matches(route.Pattern, name) {
			continue
		}
		fits = true
		if !known[route.URL] {
			known[route.URL] = true
			addresses = append(addresses, route.URL)
		}
	}
	if !fits && r.Default != "" {
		return []string{r.Default}
	}
	return addresses
}

// matches reports whether a name fits a pattern.
func matches(pattern, name string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	if !strings.HasPrefix(name, first) {
		return false
	}
	for i := len(first); i <= len(name); i++ {
		if matches(rest, name[i:]) {
			return true
		}
	}
	return false
}
