package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/dpproxy/dpproxy/internal/testservers"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert, a.key = sign(t, template, nil)
	return a
}

// sign makes a certificate; one without an authority signs itself.
func sign(t *testing.T, template *x509.Certificate, by *authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if by == nil {
		by = &authority{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// issue makes a certificate for a name, as TLS uses it.
func (a *authority) issue(t *testing.T, name string) tls.Certificate {
	t.Helper()
	cert, key := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, EmailAddresses: []string{name + "@example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, a)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// club is a site with all the ways to log in.
type club struct {
	*site
	t       *testing.T
	ca      *authority
	openID  *testservers.OpenID
	address string
	log     *messages
}

const clubConfig = `listen: 127.0.0.1:0
tls: {cert: server.crt, key: server.key, client_ca: ca.crt, client_auth: optional}
timing: {method: none}
organization: {name: office, title: Office of Statistics}
terms: Publish no small cells.
rate_limits: {headers: true, limits: {semicolon: 2/hour}}
max_queries_message: Ask the data office for more.
log: {queries: true}
auth:
  anonymous: true
  certificate: {user: cn, map: {robert: bob}}
  max_credential: 4KiB
  jwt: {issuer: %[1]s, audience: dpproxy, ca: openid.crt, user_claim: sub}
  table: {url: "%[3]s", table: api_keys, hash: none, qualifiers: {limit: limit}}
token_users:
  datasets: {census: {budget: {epsilon: 5, delta: 1e-7}, allowed_functions: [count]}}
datasets:
  - name: census
    title: The census
    source: {files: {persons: persons.csv}}
    privacy_unit: persons.person_id
    query: {epsilon: 0.5, max_epsilon: 2, delta: 1e-8}
    allowed_functions: [count, avg]
    budget: {epsilon: 100, delta: 1e-6}
    tables: {persons: {columns: {person_id: {key: true}, sex: {values: [f, m]}, age: {lower: 0, upper: 110}}}}
  - name: closed
    source: {files: {persons: persons.csv}}
    privacy_unit: row
    budget: {epsilon: 100, delta: 1e-6}
    tables: {persons: {columns: {sex: {values: [f, m]}}}}
  - name: places
    source: {files: {places: persons.csv}}
    public: true
    rate_limits: [3/hour]
    tables: {places: {public: true}}
users:
  - {name: alice, password: "%[2]s", datasets: {census: {budget: {epsilon: 10, delta: 1e-7}}}}
  - {name: bob, datasets: {census: {budget: {epsilon: 10, delta: 1e-7}}}}
`

func newClub(t *testing.T) *club {
	t.Helper()
	c := &club{site: newSite(t), t: t, ca: newAuthority(t), openID: testservers.NewOpenID(t)}
	dir := filepath.Dir(c.config)
	server := c.ca.issue(t, "server")
	key, err := x509.MarshalPKCS8PrivateKey(server.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, "server.crt"), "CERTIFICATE", server.Certificate[0])
	writePEM(t, filepath.Join(dir, "server.key"), "PRIVATE KEY", key)
	writePEM(t, filepath.Join(dir, "ca.crt"), "CERTIFICATE", c.ca.cert.Raw)
	if err := os.WriteFile(filepath.Join(dir, "openid.crt"), c.openID.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	url := testservers.Postgres(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `CREATE TABLE api_keys (key text, permission text, dataset text, "limit" int);
	  INSERT INTO api_keys VALUES ('abc123', '*', 'census', 2), ('meta', '', 'census', NULL)`); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(clubConfig, c.openID.Issuer(), c.verifier, url)
	if err := os.WriteFile(c.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.log, c.address, _ = c.start(t)
	return c
}

// visit is one attempt to connect.
type visit struct {
	user, password, database string
	cert                     *tls.Certificate
	notices                  *[]string
}

func (c *club) connect(v visit) (*pgx.Conn, error) {
	c.t.Helper()
	if v.database == "" {
		v.database = "census"
	}
	host, port, _ := strings.Cut(c.address, ":")
	config, err := pgx.ParseConfig(fmt.Sprintf("host=%s port=%s user='%s' dbname=%s sslmode=require application_name=club", host, port, v.user, v.database))
	if err != nil {
		c.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(c.ca.cert)
	config.Password, config.TLSConfig = v.password, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
	if v.cert != nil {
		config.TLSConfig.Certificates = []tls.Certificate{*v.cert}
	}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if v.notices != nil {
			*v.notices = append(*v.notices, n.Message)
		}
	}
	conn, err := pgx.ConnectConfig(c.t.Context(), config)
	if err == nil {
		c.t.Cleanup(func() { conn.Close(context.Background()) })
	}
	return conn, err
}

// in is a visit that must succeed.
func (c *club) in(v visit) *pgx.Conn {
	c.t.Helper()
	conn, err := c.connect(v)
	if err != nil {
		c.t.Fatalf("%s could not log in: %v\n%s", v.user, err, c.log)
	}
	return conn
}

// out is a visit that must fail.
func (c *club) out(code string, v visit) *pgconn.PgError {
	c.t.Helper()
	_, err := c.connect(v)
	if sqlState(err) != code {
		c.t.Fatalf("%s got %v, want %s", v.user, err, code)
	}
	var refused *pgconn.PgError
	errors.As(err, &refused)
	return refused
}

const counting = "SELECT count(*) FROM persons WHERE age > %d"

// ask counts people; n makes it another question.
func (c *club) ask(conn *pgx.Conn, n int) error {
	var got int64
	return conn.QueryRow(c.t.Context(), fmt.Sprintf(counting, n)).Scan(&got)
}

func (c *club) want(err error, code, text string) {
	c.t.Helper()
	if code == "" && err == nil {
		return
	}
	if sqlState(err) != code || !strings.Contains(fmt.Sprint(err), text) {
		c.t.Errorf("got %v, want %s %s", err, code, text)
	}
}

func TestLogIn(t *testing.T) {
	c := newClub(t)
	t.Run("passwords", c.passwords)
	t.Run("tokens", c.tokens)
	t.Run("keys", c.keys)
	t.Run("certificates", c.certificates)
	t.Run("anonymous", c.anonymous)
	t.Run("nobody can be found out", c.alike)
	t.Run("what clients hear", c.heard)
}

func (c *club) passwords(t *testing.T) {
	c.want(c.ask(c.in(visit{user: "alice", password: "secret"}), 1), "", "")
	c.out("28P01", visit{user: "alice", password: "wrong"})
	c.out("28P01", visit{user: "bob", password: "secret"}) // he has none
	c.out("28P01", visit{user: "nobody", password: "secret"})
	c.out("08P01", visit{user: "alice", password: strings.Repeat("x", 4097)})
	c.out("3D000", visit{user: "alice", password: "secret", database: "closed"})
}

func (c *club) tokens(t *testing.T) {
	token := func(user string, permissions ...any) visit {
		return visit{user: user, password: c.openID.Token(t, map[string]any{"sub": user, "permissions": permissions})}
	}
	carol := c.in(token("carol", "aggregation:census:2"))
	for n := range 2 {
		c.want(c.ask(carol, n), "", "")
	}
	c.want(c.ask(carol, 2), "53400", "Ask the data office for more.")
	c.want(c.ask(carol, 0), "", "") // paid for, and free
	c.want(func() error { _, err := carol.Exec(t.Context(), "SELECT avg(age) FROM persons"); return err }(), "42501", "avg")
	// The limit is the account's, and not the token's.
	c.want(c.ask(c.in(token("carol", "aggregation:census:2", "*:*:100")), 3), "53400", "")
	c.want(c.ask(c.in(token("carol", "aggregation:census:3")), 3), "", "")

	dave := c.in(token("dave", ":census"))
	c.want(c.ask(dave, 0), "42501", "does not permit")
	var plan string
	c.want(dave.QueryRow(t.Context(), "EXPLAIN "+fmt.Sprintf(counting, 0)).Scan(&plan), "", "")
	var tables int
	c.want(dave.QueryRow(t.Context(), "SELECT count(*) FROM dp.tables").Scan(&tables), "", "")

	visible := func(v visit) string {
		var names string
		err := c.in(v).QueryRow(t.Context(), "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database").Scan(&names)
		if err != nil {
			t.Error(err)
		}
		return names
	}
	if got := visible(token("erin", "*:*")); got != "census places" {
		t.Errorf("erin sees %s", got)
	}
	v := token("erin", "*:*")
	v.database = "closed"
	c.out("3D000", v)
	c.out("3D000", token("erin", "aggregation:places"))
	// Somebody in the list has one account, whichever way he comes; his token narrows what he may do.
	var spent float64
	alice := c.in(token("alice", "*:census"))
	c.want(alice.QueryRow(t.Context(), "SELECT epsilon_spent FROM dp.budget WHERE account = 'analyst'").Scan(&spent), "", "")
	if spent == 0 {
		t.Error("alice's token has an account of its own")
	}
	c.want(c.ask(c.in(token("alice", "distribution:census")), 0), "42501", "")
	c.out("28P01", visit{user: "alice", password: token("bob", "*:*").password})
	c.out("28P01", visit{user: "carol", password: c.openID.Token(t, map[string]any{"sub": "carol", "exp": time.Now().Add(-time.Hour).Unix()})})
	c.out("28P01", visit{user: "anonymous2", password: c.openID.Token(t, map[string]any{"sub": "anonymous"})})
	c.owner(t, 0, "user", "disable", "carol")
	c.out("28000", token("carol", "*:*"))
	c.want(c.ask(carol, 9), "42501", "disabled")
}

func (c *club) keys(t *testing.T) {
	one := c.in(visit{user: "whoever", password: "abc123"})
	two := c.in(visit{user: "somebody-else", password: "abc123"})
	var a, b string
	c.want(one.QueryRow(t.Context(), "SELECT current_user").Scan(&a), "", "")
	c.want(two.QueryRow(t.Context(), "SELECT session_user").Scan(&b), "", "")
	if a != b || !strings.HasPrefix(a, "key-") {
		t.Errorf("one key is %s and %s", a, b)
	}
	c.want(c.ask(one, 0), "", "")
	c.want(c.ask(two, 1), "", "")
	c.want(c.ask(one, 2), "53400", "")
	c.want(c.ask(c.in(visit{user: "whoever", password: "meta"}), 0), "42501", "does not permit")
	c.out("28P01", visit{user: "whoever", password: "abc12"})
}

func (c *club) certificates(t *testing.T) {
	robert, alice, stranger := c.ca.issue(t, "robert"), c.ca.issue(t, "alice"), c.ca.issue(t, "mallory")
	c.want(c.ask(c.in(visit{user: "bob", cert: &robert}), 0), "", "")
	c.in(visit{user: "alice", cert: &alice})
	// One that names somebody else is an error, also with the right password.
	c.out("28000", visit{user: "alice", password: "secret", cert: &robert})
	c.out("28000", visit{user: "robert", cert: &robert})
	c.out("28000", visit{user: "mallory", cert: &stranger})
	c.out("28000", visit{user: "anonymous", database: "places", cert: &robert})
	forged := newAuthority(t).issue(t, "alice")
	if _, err := c.connect(visit{user: "alice", password: "secret", cert: &forged}); err == nil || sqlState(err) != fmt.Sprint(err) {
		t.Errorf("a certificate of another authority: %v", err)
	}
}

func (c *club) anonymous(t *testing.T) {
	closed := c.out("3D000", visit{user: "anonymous", database: "census"})
	missing := c.out("3D000", visit{user: "anonymous", database: "nowhere"})
	if strings.Replace(closed.Message, "census", "nowhere", 1) != missing.Message {
		t.Errorf("%q and %q", closed.Message, missing.Message)
	}
	for i, want := range []string{"", "", "", "53400"} { // one counter for all of them
		var n int
		conn := c.in(visit{user: "anonymous", database: "places"})
		c.want(conn.QueryRow(t.Context(), fmt.Sprintf("SELECT count(*) + %d FROM places", i)).Scan(&n), want, "rate limit")
	}
	// Others may read it too, and have counters of their own.
	var n int
	c.want(c.in(visit{user: "alice", password: "secret", database: "places"}).QueryRow(t.Context(), "SELECT count(*) FROM places").Scan(&n), "", "")
	c.out("28P01", visit{user: "bob", password: "wrong", database: "places"}) // never let in as anonymous
}

// alike: the server says the same, in the same order, to a user who exists, one who has no password, and nobody.
func (c *club) alike(t *testing.T) {
	talk := func(user string) (said string, took time.Duration) {
		conn, err := tls.Dial("tcp", c.address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"postgresql"}})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		f := pgproto3.NewFrontend(conn, conn)
		f.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": user, "database": "census"}})
		begin := time.Now()
		for {
			if err := f.Flush(); err != nil {
				t.Fatal(err)
			}
			m, err := f.Receive()
			if err != nil {
				t.Fatal(err)
			}
			said += fmt.Sprintf("%T ", m)
			switch m := m.(type) {
			case *pgproto3.AuthenticationCleartextPassword:
				begin = time.Now()
				f.Send(&pgproto3.PasswordMessage{Password: "wrong"})
			case *pgproto3.ErrorResponse:
				m.Message = strings.ReplaceAll(m.Message, user, "USER")
				return said + fmt.Sprintf("%+v", *m), time.Since(begin)
			default:
				t.Fatalf("%T", m)
			}
		}
	}
	want, _ := talk("alice")
	for _, user := range []string{"bob", "carol", "erin", "nobody", "key-0000"} {
		got, took := talk(user)
		if got != want {
			t.Errorf("%s hears\n%s\nalice\n%s", user, got, want)
		}
		if took < 240*time.Millisecond {
			t.Errorf("%s was refused after %s", user, took)
		}
	}
}

func (c *club) heard(t *testing.T) {
	var notices []string
	conn := c.in(visit{user: "alice", password: "secret", notices: &notices})
	if got := strings.Join(notices, "\n"); got != "Office of Statistics, data set \"census\": The census\nterms: Publish no small cells." {
		t.Errorf("at connect:\n%s", got)
	}
	notices = nil
	several := fmt.Sprintf(counting+";"+counting, 50, 51)
	if _, err := conn.PgConn().Exec(t.Context(), several).ReadAll(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(notices, "\n"); !strings.Contains(got, "rate limit 2/hour (semicolon): limit 2, remaining 1, reset in 1h0m0s") || !strings.Contains(got, "remaining 0") {
		t.Errorf("with queries:\n%s", got)
	}
	_, err := conn.PgConn().Exec(t.Context(), several).ReadAll()
	c.want(err, "53400", "2/hour")
	c.want(c.ask(conn, 52), "", "")
	var title, terms, dataset string
	c.want(conn.QueryRow(t.Context(), "SELECT title, terms, dataset_title FROM dp.about").Scan(&title, &terms, &dataset), "", "")
	if title != "Office of Statistics" || terms != "Publish no small cells." || dataset != "The census" {
		t.Errorf("dp.about: %s, %s, %s", title, terms, dataset)
	}
	c.log.await(t, `msg=log-in user=carol dataset=census client=127.0.0.1 application=club method=token`)
	c.log.await(t, `msg=query user=alice dataset=census client=127.0.0.1 application=club method=password outcome=answered took=\S+ class=aggregation`)
	c.log.await(t, `msg="log-in refused" user=mallory`)
	if strings.Contains(c.log.String(), "persons WHERE") || strings.Contains(c.log.String(), "abc123") {
		t.Error("the log holds a query or a key")
	}
}
