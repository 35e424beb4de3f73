package browser

import (
	"maps"
	"testing"
)

func TestABrowserIsKnownFromItsUserAgent(t *testing.T) {
	t.Parallel()
	for userAgent, want := range map[string]map[string]any{
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/115.0.0.0 Safari/537.36": {
			"os-name": "Mac", "os-full-version": "10.15.7", "device-type": "desktop", "browser-name": "Chrome", "browser-full-version": "115.0.0.0",
		},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Safari/537.36": {
			"os-name": "Windows", "os-full-version": "10", "device-type": "desktop", "browser-name": "Chrome", "browser-full-version": "116.0.0.0",
		},
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0": {
			"os-name": "GNU/Linux", "device-type": "desktop", "browser-name": "Firefox", "browser-full-version": "128.0",
		},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0": {
			"os-name": "Windows", "os-full-version": "10", "device-type": "desktop", "browser-name": "Microsoft Edge", "browser-full-version": "126.0.0.0",
		},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1": {
			"os-name": "iOS", "os-full-version": "17.5", "device-type": "smartphone", "device-name": "iPhone", "browser-name": "Mobile Safari", "browser-full-version": "17.5",
		},
		"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36": {
			"os-name": "Android", "os-full-version": "14", "device-type": "smartphone", "device-name": "Pixel 8", "browser-name": "Chrome Mobile", "browser-full-version": "126.0.0.0",
		},
		"Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1": {
			"os-name": "iOS", "os-full-version": "17.5", "device-type": "tablet", "device-name": "iPad", "browser-name": "Mobile Safari", "browser-full-version": "17.5",
		},
		"Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36": {
			"os-name": "Android", "os-full-version": "13", "device-type": "tablet", "device-name": "SM-X700", "browser-name": "Chrome", "browser-full-version": "126.0.0.0",
		},
		"Mozilla/5.0 (Android 14; Tablet; rv:127.0) Gecko/127.0 Firefox/127.0": {
			"os-name": "Android", "os-full-version": "14", "device-type": "tablet", "browser-name": "Firefox Mobile", "browser-full-version": "127.0",
		},
		"Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0": {
			"os-name": "Android", "os-full-version": "14", "device-type": "smartphone", "browser-name": "Firefox Mobile", "browser-full-version": "127.0",
		},
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36": {
			"os-name": "Android", "os-full-version": "10", "device-type": "smartphone", "browser-name": "Chrome Mobile", "browser-full-version": "126.0.0.0",
		},
		"Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36": {
			"os-name": "Android", "os-full-version": "14", "device-type": "smartphone", "device-name": "SM-S918B", "browser-name": "Samsung Browser", "browser-full-version": "25.0",
		},
		"Mozilla/5.0 (Linux; Android 13; Pixel 7 Build/TQ3A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36": {
			"os-name": "Android", "os-full-version": "13", "device-type": "smartphone", "device-name": "Pixel 7", "browser-name": "Chrome Webview", "browser-full-version": "126.0.0.0",
		},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1": {
			"os-name": "iOS", "os-full-version": "17.5", "device-type": "smartphone", "device-name": "iPhone", "browser-name": "Chrome Mobile iOS", "browser-full-version": "126.0.6478.54",
		},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/127.0 Mobile/15E148 Safari/605.1.15": {
			"os-name": "iOS", "os-full-version": "17.5", "device-type": "smartphone", "device-name": "iPhone", "browser-name": "Firefox Mobile iOS", "browser-full-version": "127.0",
		},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148": {
			"os-name": "iOS", "os-full-version": "17.5", "device-type": "smartphone", "device-name": "iPhone", "browser-name": "Mobile Safari",
		},
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36": {
			"os-name": "GNU/Linux", "device-type": "desktop", "browser-name": "Headless Chrome", "browser-full-version": "126.0.0.0",
		},
		"Go-http-client/1.1": nil,
		"curl/8.5.0":         nil,
		"":                   nil,
	} {
		if got := Parse(userAgent); !maps.Equal(got, want) {
			t.Errorf("%q is %v, not %v", userAgent, got, want)
		}
	}
}
