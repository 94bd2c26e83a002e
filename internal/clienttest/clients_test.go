//go:build clients

package clienttest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/internal/clienttest/site"
	"github.com/dpproxy/dpproxy/internal/testservers"
)

// noToolchain is the status of a run.sh whose client cannot be built on this machine.
const noToolchain = 77

// clientTimeout bounds one client, with its installation from its registry.
const clientTimeout = 20 * time.Minute

// TestClients runs each client's checks against one site.
func TestClients(t *testing.T) {
	source, stop, err := testservers.StartPostgres()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	s, err := site.Start(t.Context(), t.TempDir(), source)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	scripts, err := filepath.Glob("testdata/*/run.sh")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no clients: %v", err)
	}
	for _, script := range scripts {
		t.Run(filepath.Base(filepath.Dir(script)), func(t *testing.T) { runClient(t, s, script) })
	}
}

func runClient(t *testing.T, s *site.Site, script string) {
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "timeout", strconv.Itoa(int(clientTimeout.Seconds())), "sh", filepath.Base(script))
	cmd.Dir, cmd.Stdout, cmd.Stderr = filepath.Dir(script), &out, &out
	cmd.Env = append(os.Environ(), s.Env()...)
	err := cmd.Run()
	t.Logf("%s", out.String())
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.ExitCode() == noToolchain:
		t.Skipf("%s", lastLine(out.Bytes()))
	default:
		t.Errorf("%s: %v", script, err)
	}
}

func lastLine(b []byte) []byte {
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return lines[len(lines)-1]
}
