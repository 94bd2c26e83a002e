package testservers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// startTimeout is how long a server may take until it answers. Generous, for machines that are busy with other tests.
const startTimeout = 90 * time.Second

// Server is a running (or stopped) server of a test's own. Its methods may be called from any goroutine.
type Server struct {
	url     string
	dir     string   // holds data and log; removed when the server's life ends
	command []string // the server in the foreground
	crash   string   // signal that ends it without a clean shutdown
	cred    *syscall.Credential
	ready   func(context.Context) error

	mu      sync.Mutex
	control io.WriteCloser // to the supervisor; nil while stopped
	ended   chan struct{}  // closed when the supervisor is gone
}

// supervise runs a server until its standard input says so. "stop" and "crash" keep the directory for another start, as
// does a server that ends by itself; end of file means that the test process is gone, so that all goes.
const supervise = `
dir=$1; crash=$2; shift 2
exec 3<&0 </dev/null
"$@" >>"$dir/log" 2>&1 3<&- &
pid=$!
(
	while read -r order <&3; do
		case $order in
		stop) kill -TERM $pid; kill -INT $pid; exit ;;
		crash) kill -$crash $pid; exit ;;
		esac
	done
	: >"$dir/gone"
	kill -QUIT $pid; sleep 1; kill -KILL $pid
) 2>/dev/null &
reader=$!
wait $pid
kill $reader 2>/dev/null
if [ -e "$dir/gone" ]; then rm -rf "$dir"; fi
`

// URL is where the server listens, whether it runs or not.
func (s *Server) URL() string { return s.url }

// Start starts a stopped server on its old port with its old data, and returns when it answers.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.control != nil {
		return errors.New("testservers: server runs already")
	}
	args := append([]string{"-c", supervise, "testserver", s.dir, s.crash}, s.command...)
	cmd := exec.Command("/bin/sh", args...)
	cmd.Dir = s.dir
	// A session of its own: an interrupt from the terminal ends the test process, whose end then ends the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: s.cred}
	control, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("testservers: %w", err)
	}
	s.control, s.ended = control, make(chan struct{})
	go func(ended chan struct{}) {
		_ = cmd.Wait()
		close(ended)
	}(s.ended)
	if err := s.await(); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		s.order("crash")
		return fmt.Errorf("testservers: %s did not start: %w\n%s", filepath.Base(s.command[0]), err, bytes.TrimSpace(log))
	}
	return nil
}

// await asks until the server answers, its process ends, or the time is over.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return errors.New("its process ended")
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// Stop shuts the server down cleanly and returns when its process is gone. Its data stays for Start.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order("stop")
}

// Crash ends the server at once, as a loss of power would, and returns when its process is gone.
func (s *Server) Crash() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order("crash")
}

func (s *Server) order(order string) {
	if s.control == nil {
		return
	}
	_, _ = io.WriteString(s.control, order+"\n")
	<-s.ended
	_ = s.control.Close()
	s.control = nil
}

// remove ends the server and its directory.
func (s *Server) remove() {
	s.Crash()
	_ = os.RemoveAll(s.dir)
}

// freePort finds a port on 127.0.0.1 that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// attempts starts a server a few times over, as its port may be taken between our look and its start.
func attempts(start func(port int) (*Server, error)) (*Server, error) {
	var failed error
	for range 3 {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		s, err := start(port)
		if err == nil {
			return s, nil
		}
		failed = err
	}
	return nil, failed
}

func tcp(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
