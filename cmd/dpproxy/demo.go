package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/demodata"
)

func newDemo() *cobra.Command {
	cmd := &cobra.Command{
		Use: "demo", Short: "Make a data set, serve it, and show a first private answer", Args: exactly(),
		Long: `demo invents the patients of a hospital, serves them with the embedded DuckDB, asks a first query as an analyst would,
and then serves until it is stopped. Everything is in one directory: the data, the configuration, and the ledger with
what was spent. A second demo in the same directory goes on from there.`,
		Example: "  dpproxy demo\n  dpproxy demo --listen 127.0.0.1:7000 --dir /tmp/demo",
	}
	address := cmd.Flags().String("listen", "127.0.0.1:6432", "where clients connect")
	dir := cmd.Flags().String("dir", "demo-data", "the directory for data, configuration and ledger")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		l, err := listen(*address) // first: it is the likeliest to fail
		if err != nil {
			return err
		}
		return printed(cmd.ErrOrStderr(), demo(cmd, l, *dir))
	}
	return cmd
}

// demo prepares the directory, serves it, and asks the first query once clients may connect.
func demo(cmd *cobra.Command, l net.Listener, dir string) error {
	out, messages := cmd.OutOrStdout(), cmd.ErrOrStderr()
	c, err := prepareDemo(cmd, messages, dir, l.Addr().String())
	if err != nil {
		return errors.Join(err, l.Close())
	}
	done := progress(messages, "loading the data")
	a, err := openApp(cmd.Context(), c, newLogger(messages, config.Log{Level: "warn", Format: "text"}))
	done()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	ctx, stop := context.WithCancelCause(cmd.Context())
	defer stop(nil)
	asked := make(chan struct{})
	err = serve(ctx, a, l, func() {
		go func() {
			defer close(asked)
			if err := firstAnswer(ctx, out, messages, l.Addr().String()); err != nil {
				stop(fmt.Errorf("the first query failed: %w", err))
			}
		}()
	})
	if err == nil {
		<-asked
	}
	if failed := context.Cause(ctx); failed != nil && !errors.Is(failed, context.Canceled) {
		err = errors.Join(failed, err)
	}
	return errors.Join(err, a.close())
}

// prepareDemo makes the data and the configuration, where they are not there already.
func prepareDemo(cmd *cobra.Command, messages io.Writer, dir, address string) (*config.Config, error) {
	path := filepath.Join(dir, "dpproxy.yaml")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(messages, "Making %d patients and their visits in %s\n", demodata.Patients, dir)
		done := progress(messages, "making the data")
		err := demodata.Write(cmd.Context(), filepath.Join(dir, "data"))
		done()
		if err != nil {
			return nil, err
		}
		text, err := demoConfig(address)
		if err != nil {
			return nil, err
		}
		// Last: a configuration says that the directory is complete.
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	c, err := loadConfig(cmd, path)
	if err != nil {
		return nil, err
	}
	c.Listen = address
	return c, nil
}

// firstAnswerTime is how long the first query may take, on a slow machine.
const firstAnswerTime = 2 * time.Minute
