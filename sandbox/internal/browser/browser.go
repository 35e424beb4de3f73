package browser

import (
	"cmp"
	"strings"

	"github.com/mileusna/useragent"
)

// Parse returns what the User-Agent header of a browser says about the browser, the system
// and the device, as attributes of a session. Persona uses the names of Matomo's device
// detector. For a program that is no browser there are none.
func Parse(userAgent string) map[string]any {
	agent := useragent.Parse(userAgent)
	var kind string
	switch {
	case agent.OS == "" || agent.Bot:
		return nil
	case agent.Tablet:
		kind = "tablet"
	case agent.Mobile:
		kind = "smartphone"
	default:
		kind = "desktop"
	}
	said := map[string]any{
		"device-type": kind, "os-name": cmp.Or(matomoSystem(agent.OS), agent.OS), "browser-name": cmp.Or(matomoBrowser(agent.Name, kind), agent.Name),
	}
	for name, value := range map[string]string{"os-full-version": systemVersion(agent.OS, agent.OSVersion), "browser-full-version": agent.Version, "device-name": agent.Device} {
		if value != "" {
			said[name] = value
		}
	}
	return said
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
func matomoBrowser(name, device string) string {
	mobile := device != "desktop"
	switch {
	case name == useragent.Edge:
		return "Microsoft Edge"
	case mobile && name == useragent.Safari:
		return "Mobile Safari"
	case mobile && (name == useragent.Chrome || name == useragent.Firefox || name == useragent.Opera):
		return name + " Mobile"
	}
	return ""
}
