package main

import (
	"cmp"
	"fmt"
	"runtime/debug"

	"github.com/idemhq/idem/persona"
)

type versionCommand struct{}

func (versionCommand) Run(std streams) error {
	version, revision, goVersion := "", "", ""
	if build, ok := debug.ReadBuildInfo(); ok {
		version, goVersion = build.Main.Version, build.GoVersion
		for _, setting := range build.Settings {
			if setting.Key == "vcs.revision" {
				revision = " (" + setting.Value[:min(12, len(setting.Value))] + ")"
			}
		}
	}
	_, err := fmt.Fprintf(std.out, "idem %s%s, %s, Persona-Version %s\n",
		cmp.Or(version, "(devel)"), revision, cmp.Or(goVersion, "unknown Go"), persona.DefaultVersion)
	return err
}
