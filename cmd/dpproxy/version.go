package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

// shownModules are those whose versions decide what dpproxy accepts and answers.
func shownModules() []string {
	return []string{
		"github.com/duckdb/duckdb-go/v2", "github.com/jackc/pgx/v5", "github.com/mattn/go-sqlite3",
		"github.com/pganalyze/pg_query_go/v5", "github.com/redis/go-redis/v9", "github.com/ulule/limiter/v3",
	}
}

func newVersion() *cobra.Command {
	cmd := &cobra.Command{
		Use: "version", Short: "Show the version, the commit and the versions of modules", Args: exactly(),
		Example: "  dpproxy version --output json",
	}
	format := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		out, err := newOutput(cmd, *format)
		if err != nil {
			return err
		}
		rows := [][]any{{"dpproxy", buildVersion()}}
		if info, ok := debug.ReadBuildInfo(); ok {
			rows = append(rows, []any{"commit", setting(info, "vcs.revision")}, []any{"go", info.GoVersion})
			for _, name := range shownModules() {
				rows = append(rows, []any{name, moduleVersion(info, name)})
			}
		}
		return out.print([]column{{title: "part", name: "name"}, {title: "version", name: "version"}}, rows)
	}
	return cmd
}

// buildVersion is the version that the build was given, or the module's.
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return "unknown"
}

func moduleVersion(info *debug.BuildInfo, path string) string {
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	return "unknown"
}
