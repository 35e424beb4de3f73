package browser

import (
	"cmp"
	"strings"

	"github.com/mileusna/useragent"
)

// headless is what a Chrome that shows no window calls itself. The parser takes it for a bot.
const headless = "HeadlessChrome/"

// Parse returns what the User-Agent header of a browser says about the browser, the system
// and the device, as attributes of a session. Persona uses the names of Matomo's device
// detector. For a program that is no browser there are none.
func Parse(userAgent string) map[string]any {
	agent := useragent.Parse(strings.Replace(userAgent, headless, "Chrome/", 1))
	if agent.OS == "" || agent.Bot {
		return nil
	}
	kind := deviceType(agent)
	said := map[string]any{
		"device-type": kind, "os-name": cmp.Or(matomoSystem(agent.OS), agent.OS), "browser-name": cmp.Or(matomoBrowser(agent, kind), agent.Name),
	}
	if strings.Contains(userAgent, headless) {
		said["browser-name"] = "Headless Chrome"
	}
	for name, value := range map[string]string{"os-full-version": systemVersion(agent.OS, agent.OSVersion), "browser-full-version": agent.Version, "device-name": model(agent.Device)} {
		if value != "" {
			said[name] = value
		}
	}
	return said
}

// deviceType returns the kind of device. Browsers on a tablet with Android leave out "Mobile".
func deviceType(agent useragent.UserAgent) string {
	switch {
	case agent.Tablet, agent.OS == useragent.Android && !strings.Contains(agent.String, "Mobile"):
		return "tablet"
	case agent.Mobile:
		return "smartphone"
	}
	return "desktop"
}

// model returns the model of a device. "K" is every model of a Chrome that hides it.
func model(device string) string {
	if device == "K" || device == "Tablet" || device == "Mobile" {
		return ""
	}
	return strings.TrimPrefix(device, "SAMSUNG ")
}

// systemVersion returns the version of an operating system. The parser gives the processor as
// the version of Linux.
func systemVersion(system, version string) string {
	switch {
	case version == "" || version[0] < '0' || version[0] > '9':
		return ""
	case system == useragent.Windows:
		return strings.TrimSuffix(version, ".0")
	}
	return version
}

// matomoSystem returns the name that Matomo has for an operating system, if it differs.
func matomoSystem(name string) string {
	switch name {
	case useragent.MacOS:
		return "Mac"
	case useragent.Linux:
		return "GNU/Linux"
	case useragent.ChromeOS, useragent.CrOS:
		return "Chrome OS"
	}
	return ""
}

// matomoBrowser returns the name that Matomo has for a browser on a kind of device, if it
// differs.
func matomoBrowser(agent useragent.UserAgent, device string) string {
	name, mobile := agent.Name, device != "desktop"
	known := name == useragent.Chrome || name == useragent.Firefox || name == useragent.Opera
	switch {
	case name == useragent.Edge:
		return "Microsoft Edge"
	case mobile && (name == useragent.Safari || name == agent.Device): // an app's own web view has no name
		return "Mobile Safari"
	case name == useragent.Chrome && strings.Contains(agent.String, "; wv)"):
		return "Chrome Webview"
	case agent.OS == useragent.IOS && known && name != useragent.Opera:
		return name + " Mobile iOS"
	case name == useragent.Chrome && device == "tablet":
		return "" // Chrome
	case mobile && known:
		return name + " Mobile"
	}
	return ""
}
