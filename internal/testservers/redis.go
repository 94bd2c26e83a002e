package testservers

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// redisVariable names a server that the caller runs, as redis://host:port.
const redisVariable = "DPPROXY_TEST_REDIS"

// redisDatabases is how many database numbers the shared server has; number 0 holds the counter that gives them out.
const redisDatabases = 4096

var sharedRedis shared

// Redis returns the URL of a fresh, empty database number on the shared server.
func Redis(t testing.TB) string {
	t.Helper()
	sharedRedis.once.Do(func() {
		if sharedRedis.url = os.Getenv(redisVariable); sharedRedis.url != "" {
			return
		}
		if sharedRedis.server, sharedRedis.err = startRedis(); sharedRedis.err == nil {
			sharedRedis.url = sharedRedis.server.URL()
		}
	})
	if sharedRedis.err != nil {
		t.Fatal(sharedRedis.err)
	}
	u, err := url.Parse(sharedRedis.url)
	if err != nil {
		t.Fatal(err)
	}
	number, err := newRedisDatabase(u.Host)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + strconv.Itoa(number)
	return u.String()
}

// RedisServer starts a server for this test alone; its URL is that of database 0. It keeps nothing over Stop and Crash.
// It is removed when the test ends.
func RedisServer(t testing.TB) *Server {
	t.Helper()
	s, err := startRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.remove)
	return s
}

// StartRedis starts a server for a program that is no test. It ends with the process or by the returned function.
func StartRedis() (serverURL string, stop func(), err error) {
	s, err := startRedis()
	if err != nil {
		return "", nil, err
	}
	return s.URL(), s.remove, nil
}

func startRedis() (*Server, error) {
	program, err := findOrInstall("redis-server", "redis-server")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "dpproxy-redis-")
	if err != nil {
		return nil, err
	}
	s, err := attempts(func(port int) (*Server, error) {
		s := &Server{
			url: "redis://" + tcp(port), dir: dir, crash: "KILL",
			command: []string{
				program, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "",
				"--appendonly", "no", "--databases", strconv.Itoa(redisDatabases),
			},
		}
		s.ready = func(ctx context.Context) error {
			_, err := redisSay(ctx, tcp(port), "PING")
			return err
		}
		return s, s.Start()
	})
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

// newRedisDatabase takes the next database number and empties it.
func newRedisDatabase(host string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	replies, err := redisSay(ctx, host, "INCR dpproxy:testservers")
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(replies[0], ":"))
	if err != nil {
		return 0, fmt.Errorf("testservers: redis answered %q", replies[0])
	}
	number := 1 + (n-1)%(redisDatabases-1)
	_, err = redisSay(ctx, host, "SELECT "+strconv.Itoa(number), "FLUSHDB")
	return number, err
}

// redisSay sends inline commands on a connection of their own, and returns a line for each.
func redisSay(ctx context.Context, host string, commands ...string) ([]string, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	in := bufio.NewReader(conn)
	replies := make([]string, len(commands))
	for i, command := range commands {
		if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
			return nil, err
		}
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line[0] == '-' {
			return nil, fmt.Errorf("testservers: redis: %s: %s", command, strings.TrimSpace(line))
		}
		replies[i] = strings.TrimSpace(line)
	}
	return replies, nil
}
