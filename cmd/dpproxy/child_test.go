package main

import (
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// childVariable makes the test's own binary the command: a child process that is the real `dpproxy`, and can be killed.
const childVariable = "DPPROXY_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// child is a `dpproxy serve` in a process of its own.
type child struct {
	cmd     *exec.Cmd
	log     *messages
	address string
	ended   func() error // waits for the end
}

// child serves the site in a process of its own, which is killed with the test. It fails where the process does not get
// ready.
func (s *site) child(t *testing.T) *child {
	t.Helper()
	c := s.launch(t)
	c.address = c.log.await(t, `msg=ready address=(\S+)`)
	return c
}

// append adds keys to the site's configuration.
func (s *site) append(t *testing.T, text string) {
	t.Helper()
	former, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config, append(former, text...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// launch starts the process and does not wait.
func (s *site) launch(t *testing.T) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0], "serve", "--config", s.config), log: newMessages()}
	c.cmd.Env = append(os.Environ(), childVariable+"=1", "GOCOVERDIR="+t.TempDir())
	c.cmd.Stdout, c.cmd.Stderr = io.Discard, c.log
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.ended = sync.OnceValue(c.cmd.Wait)
	t.Cleanup(func() { c.kill() })
	return c
}

// kill is kill -9.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.ended()
}

// alive says whether the process runs.
func (c *child) alive() bool { return c.cmd.Process.Signal(syscall.Signal(0)) == nil }

// testDeadline bounds what a test waits for.
const testDeadline = 2 * time.Minute
