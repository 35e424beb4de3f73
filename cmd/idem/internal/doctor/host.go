package doctor

import (
	"context"
	"fmt"
	"os"
	"regexp"

	"github.com/idemhq/idem/service"
)

// configuration checks the permissions of the file. Its contents were checked when it was
// loaded.
func (o Options) configuration() Finding {
	f := Finding{Check: "configuration", Level: OK, Found: plural(len(o.Config.Environments), "environment") + " configured"}
	if o.ConfigFile == "" {
		f.Found += " by environment variables"
		return f
	}
	info, err := os.Stat(o.ConfigFile)
	if err != nil {
		f.Level, f.Found, f.Do = Problem, err.Error(), "check --config"
		return f
	}
	if o.holdsSecrets() && info.Mode().Perm()&0o077 != 0 {
		f.Level = Warning
		f.Found = fmt.Sprintf("%s holds keys, and others may read it (%s)", o.ConfigFile, info.Mode().Perm())
		f.Do = "chmod 600 " + o.ConfigFile
	}
	return f
}

// secretSetting matches the settings that are secrets themselves.
var secretSetting = regexp.MustCompile(`\b(api_key|api_token|webhook_secrets|secrets|database_url)\s*:`)

// holdsSecrets reports whether the file itself may contain keys.
func (o Options) holdsSecrets() bool {
	content, err := os.ReadFile(o.ConfigFile)
	return err != nil || secretSetting.Match(content)
}

// database compares the version of the database with that of the program.
func (o Options) database(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	f := Finding{Check: "migrations", Level: OK}
	current, wanted, err := service.DatabaseVersions(ctx, o.Config)
	switch {
	case err != nil:
		f.Level, f.Found, f.Do = Problem, err.Error(), "check database_url or data_dir, and that the database runs"
	case current == 0:
		f.Found = "there is no database yet: idem serve makes it"
	case current < wanted:
		f.Level = Warning
		f.Found = fmt.Sprintf("the database has version %d, this program would migrate it to %d", current, wanted)
		f.Do = "restart the service with this version"
	case current > wanted:
		f.Level = Problem
		f.Found = fmt.Sprintf("the database has version %d, which is newer than this program (%d)", current, wanted)
		f.Do = "install the newer version of Idem"
	default:
		f.Found = fmt.Sprintf("the database has version %d, as this program", current)
	}
	return f
}

const (
	littleDisk = 1 << 30   // warn
	noDisk     = 128 << 20 // the next hour may be too much
)

// disk checks the free space for SQLite. It returns false for PostgreSQL.
func (o Options) disk() (Finding, bool) {
	if o.Config.DatabaseURL != "" {
		return Finding{}, false
	}
	f := Finding{Check: "disk", Level: OK}
	folder := o.Config.DataDir
	if _, err := os.Stat(folder); err != nil {
		folder = "." // it will be made here, or was given as a path from here
	}
	free, err := freeSpace(folder)
	if err != nil {
		f.Level, f.Found = Skipped, "the free space is not known: "+err.Error()
		return f, true
	}
	f.Found = fmt.Sprintf("%.1f GiB free for %s", float64(free)/(1<<30), o.Config.DataDir)
	switch {
	case free < noDisk:
		f.Level, f.Do = Problem, "make room: when the disk is full, webhooks are answered with 503"
	case free < littleDisk:
		f.Level, f.Do = Warning, "make room soon"
	}
	return f, true
}
