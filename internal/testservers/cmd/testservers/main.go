// Command testservers starts PostgreSQL and Redis, tells a command where they are, and stops them when it ends.
//
//	testservers go test ./...
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/dpproxy/dpproxy/internal/testservers"
)

func main() { os.Exit(run(os.Args[1:])) }

// run returns the command's exit status.
func run(args []string) int {
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: testservers command [argument …]")
		return 2
	}
	postgres, stopPostgres, err := testservers.StartPostgres()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stopPostgres()
	redis, stopRedis, err := testservers.StartRedis()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stopRedis()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "DPPROXY_TEST_POSTGRES="+postgres, "DPPROXY_TEST_REDIS="+redis)
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
