package testservers

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgresVariable names a server that the caller runs, as a URL with the right to create databases.
const postgresVariable = "DPPROXY_TEST_POSTGRES"

// postgresBinVariable names the directory of the programs (initdb, postgres) that servers are started from, in place of
// those that are installed.
const postgresBinVariable = "DPPROXY_POSTGRES_BIN"

// Option changes how a server of a test's own is started.
type Option func(*options)

type options struct {
	durable  bool
	settings []string
}

// Durable makes PostgreSQL write through to the disk (fsync), as a ledger needs to survive Crash.
func Durable() Option { return func(o *options) { o.durable = true } }

// Setting gives PostgreSQL a setting, as "max_connections=20".
func Setting(assignment string) Option {
	return func(o *options) { o.settings = append(o.settings, assignment) }
}

// shared is the server that all tests of the process share.
type shared struct {
	once   sync.Once
	server *Server
	url    string
	err    error
}

var sharedPostgres shared

// Postgres returns the URL of a fresh, empty database on the shared server, for its superuser. The database is dropped
// when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	sharedPostgres.once.Do(func() {
		if sharedPostgres.url = os.Getenv(postgresVariable); sharedPostgres.url != "" {
			return
		}
		if sharedPostgres.server, sharedPostgres.err = startPostgres(); sharedPostgres.err == nil {
			sharedPostgres.url = sharedPostgres.server.URL()
		}
	})
	if sharedPostgres.err != nil {
		t.Fatal(sharedPostgres.err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	if err := execute(sharedPostgres.url, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := execute(sharedPostgres.url, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(sharedPostgres.url)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// PostgresServer starts a server for this test alone; its URL is that of the empty database "postgres". It is removed
// when the test ends.
func PostgresServer(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s, err := startPostgres(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.remove)
	return s
}

// StartPostgres starts a server for a program that is no test. It ends with the process or by the returned function.
func StartPostgres() (serverURL string, stop func(), err error) {
	s, err := startPostgres()
	if err != nil {
		return "", nil, err
	}
	return s.URL(), s.remove, nil
}

func execute(serverURL, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, serverURL)
	if err != nil {
		return fmt.Errorf("testservers: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("testservers: %s: %w", sql, err)
	}
	return nil
}

func startPostgres(opts ...Option) (*Server, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	cred, err := serverUser()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "dpproxy-pg-")
	if err != nil {
		return nil, err
	}
	s, err := newCluster(bin, dir, cred, o)
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

// postgresPrograms returns the directory of initdb and postgres: the one that the caller names, or the newest that is
// installed.
func postgresPrograms() (string, error) {
	if bin := os.Getenv(postgresBinVariable); bin != "" {
		if _, err := os.Stat(filepath.Join(bin, "initdb")); err != nil {
			return "", fmt.Errorf("testservers: %s: %w", postgresBinVariable, err)
		}
		return filepath.Abs(bin)
	}
	initdb, err := findOrInstall("initdb", "postgresql", "/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin")
	if err != nil {
		return "", err
	}
	if initdb, err = filepath.EvalSymlinks(initdb); err != nil {
		return "", err
	}
	return filepath.Dir(initdb), nil
}

// newCluster makes a data directory in dir and starts a server on it.
func newCluster(bin, dir string, cred *syscall.Credential, o options) (*Server, error) {
	password, passwordFile, data := rand.Text(), filepath.Join(dir, "password"), filepath.Join(dir, "data")
	if err := os.WriteFile(passwordFile, []byte(password+"\n"), 0o600); err != nil {
		return nil, err
	}
	if cred != nil {
		for _, path := range []string{dir, passwordFile} {
			if err := os.Chown(path, int(cred.Uid), int(cred.Gid)); err != nil {
				return nil, err
			}
		}
	}
	cmd := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "scram-sha-256",
		"--pwfile", passwordFile, "--encoding=UTF8", "--locale=C", "--no-sync")
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Credential: cred}
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("testservers: initdb: %w\n%s", err, out)
	}
	sockets := dir
	if len(sockets) > 80 { // a socket's whole path has at most 107 bytes
		sockets = ""
	}
	return attempts(func(port int) (*Server, error) {
		settings := []string{
			"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(port), "unix_socket_directories=" + sockets,
			"max_connections=200", "shared_buffers=64MB", "timezone=UTC", "autovacuum=off",
		}
		if !o.durable {
			settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
		}
		command := []string{filepath.Join(bin, "postgres"), "-D", data}
		for _, setting := range append(settings, o.settings...) {
			command = append(command, "-c", setting)
		}
		u := url.URL{
			Scheme: "postgres", User: url.UserPassword("postgres", password), Host: tcp(port), Path: "/postgres",
			RawQuery: "sslmode=disable",
		}
		s := &Server{url: u.String(), dir: dir, command: command, crash: "QUIT", cred: cred}
		s.ready = func(ctx context.Context) error { return pingPostgres(ctx, s.url) }
		return s, s.Start()
	})
}

func pingPostgres(ctx context.Context, serverURL string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, serverURL)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// serverUser tells whom PostgreSQL runs as: it refuses to run as root.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("testservers: neither user postgres nor nobody exists, and PostgreSQL does not run as root")
}
