// Command site starts PostgreSQL and a proxy in front of it, and runs a command that finds them in its variables.
//
//	site psql                        libpq's own variables are set: PGHOST, PGPORT, PGUSER, …
//	site sh testdata/psycopg/run.sh  a client's checks, by hand
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"

	"github.com/dpproxy/dpproxy/internal/clienttest/site"
	"github.com/dpproxy/dpproxy/internal/testservers"
)

func main() { os.Exit(run(os.Args[1:])) }

// run returns the command's exit status.
func run(args []string) int {
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: site command [argument …]")
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := serve(ctx, args)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, args []string) error {
	source, stopSource, err := testservers.StartPostgres()
	if err != nil {
		return err
	}
	defer stopSource()
	dir, err := os.MkdirTemp("", "dpproxy-site-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := site.Start(ctx, dir, source)
	if err != nil {
		return err
	}
	defer s.Stop()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), s.Env()...)
	return cmd.Run()
}
