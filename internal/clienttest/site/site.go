package site

import (
	"bufio"
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/dpproxy/dpproxy/proxy/scram"
	"github.com/jackc/pgx/v5"
)

// What clients log in as.
const (
	User     = "analyst"
	Password = "se cret'ä"
	Database = "clinic"
)

//go:embed schema.sql
var schema string

//go:embed dpproxy.yaml
var configuration string

// startTimeout bounds the start, without the build.
const startTimeout = time.Minute

// Site is a running proxy and what clients need to know of it.
type Site struct {
	Host, Port string
	Root       string // file of the certificate that signed the proxy's
	Source     string // URL of the PostgreSQL behind it
	Log        string // file

	cmd  *exec.Cmd
	done chan struct{}
	stop sync.Once
}

// Start makes the tables in the empty database at source, builds the proxy, and serves it from dir.
func Start(ctx context.Context, dir, source string) (*Site, error) {
	if err := fill(ctx, source); err != nil {
		return nil, err
	}
	s := &Site{Host: "localhost", Root: filepath.Join(dir, "root.crt"), Source: source, Log: filepath.Join(dir, "dpproxy.log"),
		done: make(chan struct{})}
	if err := certificates(dir); err != nil {
		return nil, err
	}
	verifier, err := verifier()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "dpproxy.yaml")
	if err := os.WriteFile(config, []byte(configuration), 0o600); err != nil {
		return nil, err
	}
	binary := filepath.Join(dir, "dpproxy")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/dpproxy/dpproxy/cmd/dpproxy")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("site: %w\n%s", err, out)
	}
	s.cmd = exec.Command(binary, "serve", "--config", config)
	s.cmd.Env = append(os.Environ(), "SOURCE="+source, "VERIFIER="+verifier)
	return s, s.serve(ctx)
}

func fill(ctx context.Context, source string) error {
	conn, err := pgx.Connect(ctx, source)
	if err != nil {
		return fmt.Errorf("site: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, schema); err != nil {
		return fmt.Errorf("site: %w", err)
	}
	return nil
}

func verifier() (string, error) {
	salt := make([]byte, scram.SaltLen)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	v, err := scram.NewVerifier(Password, salt, scram.DefaultIterations)
	if err != nil {
		return "", err
	}
	return v.String(), nil
}

var readyLine = regexp.MustCompile(`msg=ready address=(\S+)`)

// serve starts the process and waits for its word that clients may connect.
func (s *Site) serve(ctx context.Context) error {
	log, err := os.Create(s.Log)
	if err != nil {
		return err
	}
	read, write := io.Pipe()
	s.cmd.Stdout, s.cmd.Stderr = write, write
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("site: %w", err)
	}
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(read)
		for lines.Scan() {
			fmt.Fprintln(log, lines.Text())
			if found := readyLine.FindStringSubmatch(lines.Text()); found != nil {
				address <- found[1]
			}
		}
		log.Close()
	}()
	go func() {
		_ = s.cmd.Wait()
		write.Close()
		close(s.done)
	}()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	select {
	case a := <-address:
		_, s.Port, err = net.SplitHostPort(a)
		return err
	case <-s.done:
		text, _ := os.ReadFile(s.Log)
		return fmt.Errorf("site: the proxy did not start:\n%s", text)
	case <-ctx.Done():
		s.Stop()
		return fmt.Errorf("site: the proxy did not start: %w", ctx.Err())
	}
}

// Stop ends the proxy.
func (s *Site) Stop() {
	s.stop.Do(func() { _ = s.cmd.Process.Signal(os.Interrupt) })
	select {
	case <-s.done:
	case <-time.After(startTimeout):
		_ = s.cmd.Process.Kill()
	}
}

// Env is what clients need to know, under libpq's names and a few of ours.
func (s *Site) Env() []string {
	return []string{
		"PGHOST=" + s.Host, "PGPORT=" + s.Port, "PGUSER=" + User, "PGPASSWORD=" + Password, "PGDATABASE=" + Database,
		"PGSSLMODE=verify-full", "PGSSLROOTCERT=" + s.Root, "SITE_SOURCE=" + s.Source, "SITE_LOG=" + s.Log,
		"SITE_DIR=" + strings.TrimSuffix(s.Log, "/dpproxy.log"),
	}
}
