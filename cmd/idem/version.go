package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"github.com/idemhq/idem/persona"
)

type versionCommand struct{ output }

func (versionCommand) Help() string { return examples("idem version", "idem version --json") }

func (c versionCommand) Run(std streams) error {
	v := readVersions()
	return c.print(std.out, v, func(w io.Writer) { fmt.Fprintln(w, v) })
}

// versionFlag prints the versions when the flag is given.
type versionFlag bool

// BeforeReset is called by kong when it meets the flag.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	fmt.Fprintln(app.Stdout, readVersions())
	app.Exit(exitDone)
	return nil
}

// versions are those of the program and of what it speaks.
type versions struct {
	Idem     string `json:"idem"`
	Revision string `json:"revision,omitempty"` // of the source
	Go       string `json:"go"`
	Persona  string `json:"persona_version"` // of the API
}

func readVersions() versions {
	v := versions{Persona: persona.DefaultVersion}
	if build, ok := debug.ReadBuildInfo(); ok {
		v.Idem, v.Go = build.Main.Version, build.GoVersion
		for _, setting := range build.Settings {
			if setting.Key == "vcs.revision" {
				v.Revision = setting.Value[:min(12, len(setting.Value))]
			}
		}
	}
	v.Idem, v.Go = cmp.Or(v.Idem, "(devel)"), cmp.Or(v.Go, "unknown Go")
	return v
}

func (v versions) String() string {
	revision := ""
	if v.Revision != "" {
		revision = " (" + v.Revision + ")"
	}
	return fmt.Sprintf("idem %s%s, %s, Persona-Version %s", v.Idem, revision, v.Go, v.Persona)
}
