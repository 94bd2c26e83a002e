package datasets

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/engine/duckdb"
	"github.com/dpproxy/dpproxy/internal/fetch"
)

// fetchFiles brings a dataset's files that are elsewhere into a directory of their own, and points the source to them. The
// engine loads them into memory; done takes the directory away again.
func fetchFiles(ctx context.Context, d *config.Dataset, source *duckdb.Source, logger *slog.Logger) (done func(), err error) {
	dir := ""
	done = func() {
		if dir == "" {
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			logger.Warn("a directory of fetched files could not be removed", "dir", dir, "error", err)
		}
	}
	for i, f := range d.Source.Files {
		if f.Remote == nil {
			continue
		}
		if dir == "" {
			if dir, err = os.MkdirTemp("", "dpproxy-fetched-"); err != nil { // mode 0700
				return nil, err
			}
		}
		got, err := fetch.File(ctx, *f.Remote, dir, fmt.Sprintf("%d", i))
		if err != nil {
			done()
			return nil, fmt.Errorf("table %s: %w", f.Table, err)
		}
		logger.Info("fetched", "table", f.Table, "address", f.Remote.Name(), "bytes", got.Bytes, "sha256", got.SHA256)
		source.Files[f.Table] = got.Path
	}
	return done, nil
}
