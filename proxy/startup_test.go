package proxy

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/proxy/scram"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// certificate writes a self-signed certificate for 127.0.0.1 and returns its files.
func certificate(t testing.TB) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "dpproxy test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func withTLS(t testing.TB, required bool) func(*Config) {
	cert, key := certificate(t)
	return func(c *Config) { c.TLS = TLS{Cert: cert, Key: key, Required: required} }
}

// dial opens a connection that no test waits on for ever.
func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { c.Close() })
	return c
}

// startupFrame builds a frame of the given code and pairs.
func startupFrame(code uint32, pairs ...string) []byte {
	body := binary.BigEndian.AppendUint32(nil, code)
	for _, p := range pairs {
		body = append(append(body, p...), 0)
	}
	if len(pairs) > 0 {
		body = append(body, 0)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)
}

func receive[T pgproto3.BackendMessage](t testing.TB, f *pgproto3.Frontend) T {
	t.Helper()
	m, err := f.Receive()
	if err != nil {
		t.Fatalf("waiting for %T: %v", *new(T), err)
	}
	want, ok := m.(T)
	if !ok {
		t.Fatalf("got %T %+v, want %T", m, m, *new(T))
	}
	return want
}

func wantClosed(t testing.TB, c net.Conn) {
	t.Helper()
	rest, err := io.ReadAll(c)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatalf("the connection is still open; it said %q", rest)
	}
}

func TestBadStartups(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), nil)
	for _, c := range []struct {
		name string
		send []byte
		code string // "" means that the connection is closed without a word
	}{
		{"length 0", []byte{0, 0, 0, 0}, "08P01"}, {"length 7", []byte{0, 0, 0, 7, 0, 3, 0, 0}, "08P01"},
		{"length 2^31", []byte{0x80, 0, 0, 0}, "08P01"}, {"length 10001", []byte{0, 0, 0x27, 0x11}, "08P01"},
		{"version 2", startupFrame(2<<16, "user", "x"), "0A000"}, {"version 4", startupFrame(4<<16, "user", "x"), "0A000"},
		{"HTTP", []byte("GET / HTTP/1.1\r\n\r\n"), "08P01"},
		{"no user", startupFrame(protocol30, "database", "x"), "28000"}, {"empty user", startupFrame(protocol30, "user", ""), "28000"},
		{"no terminator", append(binary.BigEndian.AppendUint32(nil, 13), 0, 3, 0, 0, 'u', 's', 'e', 'r', 0), "08P01"},
		{"something after the end", append(binary.BigEndian.AppendUint32(nil, 18), "\x00\x03\x00\x00user\x00x\x00\x00x\x00"...), "08P01"},
		{"invalid UTF-8", startupFrame(protocol30, "user", "\xff"), "08P01"},
		{"replication", startupFrame(protocol30, "user", testUser, "replication", "database"), "0A000"},
		{"unbalanced options", startupFrame(protocol30, "user", testUser, "options", "-c"), "42601"},
		{"SSLRequest with a body", startupFrame(sslRequestCode, "x"), "08P01"},
		{"nothing", []byte{0}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := dial(t, srv.addr)
			if _, err := conn.Write(c.send); err != nil {
				t.Fatal(err)
			}
			if c.code == "" {
				conn.(*net.TCPConn).CloseWrite()
				wantClosed(t, conn)
				return
			}
			e := receive[*pgproto3.ErrorResponse](t, pgproto3.NewFrontend(conn, conn))
			if e.Code != c.code || e.Severity != "FATAL" {
				t.Fatalf("%s %s %s, want FATAL %s", e.Severity, e.Code, e.Message, c.code)
			}
		})
	}
}

func TestEncryptionRequests(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), nil)
	conn := dial(t, srv.addr)
	for _, code := range []uint32{gssRequestCode, sslRequestCode} {
		var reply [1]byte
		if _, err := conn.Write(startupFrame(code)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, reply[:]); err != nil || reply[0] != 'N' {
			t.Fatalf("%q, %v", reply, err)
		}
	}
	if _, err := conn.Write(startupFrame(sslRequestCode)); err != nil {
		t.Fatal(err)
	}
	if e := receive[*pgproto3.ErrorResponse](t, pgproto3.NewFrontend(conn, conn)); e.Code != "08P01" {
		t.Fatalf("a second SSLRequest: %s %s", e.Code, e.Message)
	}
}

// What a man in the middle writes behind SSLRequest must not be taken for something said inside TLS.
func TestInjectionBeforeTLS(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), withTLS(t, true))
	conn := dial(t, srv.addr)
	injected := append(startupFrame(sslRequestCode), startupFrame(protocol30, "user", "mallory")...)
	if _, err := conn.Write(injected); err != nil {
		t.Fatal(err)
	}
	var reply [1]byte
	if _, err := io.ReadFull(conn, reply[:]); err != nil || reply[0] != 'S' {
		t.Fatalf("%q, %v", reply, err)
	}
	if err := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).Handshake(); err == nil {
		t.Fatal("the handshake went well over injected bytes")
	}
}

func TestTLS(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), withTLS(t, true))
	for _, mode := range []string{"sslmode=require", "sslmode=require&sslnegotiation=direct", "sslmode=require&channel_binding=require"} {
		conn := connect(t, strings.Replace(srv.url(""), "sslmode=disable", mode, 1))
		if r := conn.ExecParams(t.Context(), "SELECT 1", nil, nil, nil, nil).Read(); r.Err != nil {
			t.Errorf("%s: %v", mode, r.Err)
		}
	}
	_, err := pgconn.Connect(t.Context(), srv.url(""))
	wantCode(t, err, "28000")
}

func TestDirectTLSNeedsALPN(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), withTLS(t, false))
	conn := tls.Client(dial(t, srv.addr), &tls.Config{InsecureSkipVerify: true})
	if err := conn.Handshake(); err != nil {
		return // refused in the handshake: as good
	}
	if _, err := conn.Write(startupFrame(protocol30, "user", testUser)); err != nil {
		return
	}
	wantClosed(t, conn)
}

func TestSSLRequestInsideTLS(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), withTLS(t, false))
	conn := tls.Client(dial(t, srv.addr), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{alpn}})
	var reply [1]byte
	if _, err := conn.Write(startupFrame(sslRequestCode)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, reply[:]); err != nil || reply[0] != 'N' {
		t.Fatalf("%q, %v", reply, err)
	}
}

func TestClientCertificates(t *testing.T) {
	cert, key := certificate(t)
	clientCert, clientKey := certificate(t)
	srv := serveTest(t, newThroughBackend(t), func(c *Config) { c.TLS = TLS{Cert: cert, Key: key, ClientCA: clientCert} })
	url := strings.Replace(srv.url(""), "sslmode=disable", "sslmode=require", 1)
	connect(t, url+"&sslcert="+clientCert+"&sslkey="+clientKey)
	if conn, err := pgconn.Connect(t.Context(), url); err == nil {
		conn.Close(t.Context())
		t.Fatal("a client without a certificate came in")
	}
}

func TestReload(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), withTLS(t, false))
	seen := func() *big.Int {
		conn := tls.Client(dial(t, srv.addr), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{alpn}})
		if err := conn.Handshake(); err != nil {
			t.Fatal(err)
		}
		return conn.ConnectionState().PeerCertificates[0].SerialNumber
	}
	before := seen()
	old := connect(t, strings.Replace(srv.url(""), "sslmode=disable", "sslmode=require", 1))
	cert, key := certificate(t)
	if err := srv.Reload(TLS{Cert: cert, Key: key}, Auth{}); err != nil {
		t.Fatal(err)
	}
	if seen().Cmp(before) == 0 {
		t.Fatal("the old certificate is still shown")
	}
	// Files that change are used by the next handshake, without a word; a certificate without its key is not.
	before = seen()
	newCert, newKey := certificate(t)
	for i, file := range [][2]string{{newCert, cert}, {newKey, key}} {
		if err := os.Rename(file[0], file[1]); err != nil {
			t.Fatal(err)
		}
		if changed := seen().Cmp(before) != 0; changed != (i == 1) {
			t.Fatalf("after %d of 2 files the new certificate is shown: %t", i+1, changed)
		}
	}
	if err := srv.Reload(TLS{Cert: "/nowhere", Key: "/nowhere"}, Auth{}); err == nil {
		t.Fatal("files that are not there were loaded")
	}
	if r := old.ExecParams(t.Context(), "SELECT 1", nil, nil, nil, nil).Read(); r.Err != nil {
		t.Fatalf("the old session: %v", r.Err)
	}
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("error %v, want SQLSTATE %s", err, code)
	}
}

// authenticate does SCRAM without a library's help, so that a test can spoil any part of it.
func authenticate(t *testing.T, addr, user string, version uint32, pairs ...string) (*pgproto3.Frontend, []pgproto3.BackendMessage) {
	t.Helper()
	conn := dial(t, addr)
	front := pgproto3.NewFrontend(conn, conn)
	if _, err := conn.Write(startupFrame(version, append([]string{"user", user}, pairs...)...)); err != nil {
		t.Fatal(err)
	}
	var seen []pgproto3.BackendMessage
	for {
		m, err := front.Receive()
		if err != nil {
			t.Fatal(err)
		}
		switch m := m.(type) {
		case *pgproto3.NegotiateProtocolVersion:
			c := *m
			seen = append(seen, &c)
			continue
		case *pgproto3.AuthenticationSASL:
			seen = append(seen, m)
			return front, seen
		default:
			return front, append(seen, m)
		}
	}
}

func TestVersions(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), nil)
	for _, c := range []struct {
		version uint32
		pairs   []string
		newest  uint32 // 0: nothing to negotiate
		unknown []string
	}{
		{protocol30, nil, 0, nil}, {protocol32, nil, 0, nil}, {3<<16 | 9999, nil, protocol32, nil},
		{protocol30, []string{"_pq_.compress", "on"}, protocol30, []string{"_pq_.compress"}},
	} {
		_, seen := authenticate(t, srv.addr, testUser, c.version, c.pairs...)
		n, negotiated := seen[0].(*pgproto3.NegotiateProtocolVersion)
		if negotiated != (c.newest != 0) {
			t.Fatalf("version %x: first came %T", c.version, seen[0])
		}
		if negotiated && (n.NewestMinorProtocol != c.newest || !slices.Equal(n.UnrecognizedOptions, c.unknown)) {
			t.Fatalf("version %x: %+v", c.version, n)
		}
	}
}

func TestCancelKeyLength(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), nil)
	for version, want := range map[string]int{"3.0": 4, "3.2": 32} {
		conn := connect(t, srv.url("&max_protocol_version="+version))
		if got := len(conn.SecretKey()); got != want {
			t.Errorf("protocol %s: a key of %d bytes, want %d", version, got, want)
		}
	}
}

// A user who does not exist sees the same messages as a wrong password.
func TestUnknownUsersLookLikeWrongPasswords(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), func(c *Config) { c.MaxLoginFailures = 1000 })
	var texts []string
	for _, user := range []string{testUser, "nobody"} {
		var salts []string
		for range 2 {
			front, _ := authenticate(t, srv.addr, user, protocol30, "database", testDatabase)
			first := "n,,n=,r=" + strings.Repeat("a", 24)
			front.Send(&pgproto3.SASLInitialResponse{AuthMechanism: scram.Plain, Data: []byte(first)})
			if err := front.Flush(); err != nil {
				t.Fatal(err)
			}
			challenge := string(receive[*pgproto3.AuthenticationSASLContinue](t, front).Data)
			nonce := strings.TrimPrefix(strings.Split(challenge, ",")[0], "r=")
			salts = append(salts, strings.Split(challenge, ",")[1])
			front.Send(&pgproto3.SASLResponse{Data: []byte("c=biws,r=" + nonce + ",p=" + strings.Repeat("A", 43) + "=")})
			if err := front.Flush(); err != nil {
				t.Fatal(err)
			}
			e := receive[*pgproto3.ErrorResponse](t, front)
			texts = append(texts, e.Severity+e.Code+strings.ReplaceAll(e.Message, user, "U"))
		}
		if salts[0] != salts[1] {
			t.Errorf("the salt of %s changes", user)
		}
	}
	for _, text := range texts {
		if text != texts[0] {
			t.Fatalf("users can be told apart: %q", texts)
		}
	}
}

func TestLoginRefusals(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), func(c *Config) { c.MaxLoginFailures = 1000 })
	for _, c := range []struct{ user, password, database, extra, code string }{
		{testUser, "wrong", testDatabase, "", "28P01"}, {"nobody", "correct%20horse", testDatabase, "", "28P01"},
		{testUser, "correct%20horse", "other", "", "3D000"}, {"banned", "correct%20horse", testDatabase, "", "28000"},
		{testUser, "correct%20horse", testDatabase, "&no_such_thing=1", "42704"}, {testUser, "correct%20horse", testDatabase, "&timezone=Mars", "22023"},
		{testUser, "correct%20horse", testDatabase, "&options=-c%20dp.epsilon%3D99", "22023"}, {testUser, "wrong", "other", "", "28P01"},
	} {
		_, err := pgconn.Connect(t.Context(), fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable%s", c.user, c.password, srv.addr, c.database, c.extra))
		wantCode(t, err, c.code)
	}
}

func TestMalformedScram(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), nil)
	for name, send := range map[string][]byte{
		"an unknown message":  {'Q', 0, 0, 0, 5, 0},
		"a length of 3":       {'p', 0, 0, 0, 3},
		"a length of 2^31":    {'p', 0x80, 0, 0, 0},
		"a message too long":  {'p', 0, 0, 0x40, 1},
		"another mechanism":   append([]byte{'p', 0, 0, 0, 17}, "MD5\x00\x00\x00\x00\x05n,,n="...),
		"an empty response":   {'p', 0, 0, 0, 4},
		"a wrong inner count": append([]byte{'p', 0, 0, 0, 22}, "SCRAM-SHA-256\x00\x7f\xff\xff\xff"...),
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, srv.addr)
			if _, err := conn.Write(startupFrame(protocol30, "user", testUser)); err != nil {
				t.Fatal(err)
			}
			front := pgproto3.NewFrontend(conn, conn)
			receive[*pgproto3.AuthenticationSASL](t, front)
			if _, err := conn.Write(send); err != nil {
				t.Fatal(err)
			}
			if e := receive[*pgproto3.ErrorResponse](t, front); e.Code != "08P01" {
				t.Fatalf("%s %s", e.Code, e.Message)
			}
		})
	}
}

func TestLoginDeadline(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), func(c *Config) { c.LoginTimeout = 200 * time.Millisecond })
	conn := dial(t, srv.addr)
	if _, err := conn.Write(startupFrame(protocol30, "user", testUser)[:5]); err != nil {
		t.Fatal(err)
	}
	wantClosed(t, conn)
}

func TestTooManyClients(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), func(c *Config) { c.MaxClientConn = 1 })
	connect(t, srv.url(""))
	_, err := pgconn.Connect(t.Context(), srv.url(""))
	wantCode(t, err, "53300")
}

func TestParseOptions(t *testing.T) {
	got, err := parseOptions(`-c dp.epsilon=0.1  -cgeqo=off --statement-timeout=5s -c search_path=a\ b\\c`)
	want := [][2]string{{"dp.epsilon", "0.1"}, {"geqo", "off"}, {"statement_timeout", "5s"}, {"search_path", `a b\c`}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%q, %v", got, err)
	}
	for _, bad := range []string{"-c", "-d 5", "x", "-c novalue", "-c =x", "--"} {
		if _, err := parseOptions(bad); err == nil {
			t.Errorf("parseOptions(%q) took it", bad)
		}
	}
}

func FuzzStartup(f *testing.F) {
	f.Add(startupFrame(protocol30, "user", "a", "database", "b", "options", "-c x.y=1 --a-b=2")[4:])
	f.Add(startupFrame(3<<16|9999, "user", "a", "_pq_.x", "1")[4:])
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) < 4 {
			return
		}
		s, err := parseStartup(body)
		if err != nil {
			return
		}
		if s.database == "" && s.user != "" {
			t.Fatal("a user without a database")
		}
		for _, kv := range s.settings {
			if strings.ContainsRune(kv[0]+kv[1], 0) {
				t.Fatal("a NUL came through")
			}
		}
		if bytes.Count(body, []byte{0}) < 2*len(s.settings)-bytes.Count(body, []byte("=")) {
			t.Fatal("more settings than there were strings")
		}
	})
}
