package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/rclone/gofakes3/signature"
)

const body = "person_id,age\n1,30\n2,40\n"

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

func authorities(s *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

// web is a server of HTTPS with one file, and several ways to fail.
func web(t *testing.T) *httptest.Server {
	t.Helper()
	stop := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/open/persons.csv", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
	mux.HandleFunc("/token/persons.csv.gz", func(w http.ResponseWriter, r *http.Request) {
		user, password, basic := r.BasicAuth()
		if r.Header.Get("Authorization") != "Bearer t0ken" && !(basic && user == "u" && password == "hunter2") {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, body)
	})
	mux.HandleFunc("/short.csv", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, body)
	})
	mux.HandleFunc("/cut.csv", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, body)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/slow.csv", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, body)
		w.(http.Flusher).Flush()
		<-stop
	})
	mux.HandleFunc("/endless.csv", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<16)); err != nil {
				return
			}
		}
	})
	plain := httptest.NewServer(mux)
	t.Cleanup(plain.Close)
	mux.Handle("/down.csv", http.RedirectHandler(plain.URL+"/open/persons.csv", http.StatusFound))
	mux.Handle("/moved.csv", http.RedirectHandler("/open/persons.csv", http.StatusFound))
	s := httptest.NewTLSServer(mux)
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(stop) })
	return s
}

func TestHTTPS(t *testing.T) {
	s := web(t)
	good := Address{MaxBytes: 1000, Timeout: 10 * time.Second, CA: authorities(s)}
	with := func(path string, change func(*Address)) Address {
		a := good
		a.URL = s.URL + path
		if change != nil {
			change(&a)
		}
		return a
	}
	for name, c := range map[string]struct {
		address Address
		want    string // of the error; empty: it arrives
	}{
		"open":               {with("/open/persons.csv", nil), ""},
		"with a checksum":    {with("/open/persons.csv", func(a *Address) { a.SHA256 = sum(body) }), ""},
		"another checksum":   {with("/open/persons.csv", func(a *Address) { a.SHA256 = sum("x") }), "not the file that was agreed on"},
		"moved":              {with("/moved.csv", nil), ""},
		"token":              {with("/token/persons.csv.gz", func(a *Address) { a.Credentials.Token = "t0ken" }), ""},
		"password":           {with("/token/persons.csv.gz", func(a *Address) { a.Credentials = Credentials{User: "u", Password: "hunter2"} }), ""},
		"without any":        {with("/token/persons.csv.gz", nil), "status 401"},
		"not there":          {with("/none.csv?secret=hunter2", nil), "status 404"},
		"exactly max_bytes":  {with("/open/persons.csv", func(a *Address) { a.MaxBytes = int64(len(body)) }), ""},
		"one byte too long":  {with("/open/persons.csv", func(a *Address) { a.MaxBytes = int64(len(body)) - 1 }), "max_bytes"},
		"endless":            {with("/endless.csv", nil), "max_bytes"},
		"announced too long": {with("/short.csv", func(a *Address) { a.MaxBytes = 999 }), "max_bytes"},
		"short":              {with("/short.csv", nil), "did not arrive whole"},
		"cut":                {with("/cut.csv", nil), "did not arrive whole"},
		"slow":               {with("/slow.csv", func(a *Address) { a.Timeout = 300 * time.Millisecond }), "took too long"},
		"to plain HTTP":      {with("/down.csv", nil), "redirects to where nobody should follow"},
		"unknown authority":  {with("/open/persons.csv", func(a *Address) { a.CA = nil }), "certificate"},
		"another authority":  {with("/open/persons.csv", func(a *Address) { a.CA = []byte("none") }), "no certificate"},
	} {
		t.Run(name, func(t *testing.T) { arrives(t, c.address, c.want) })
	}
}

// arrives fetches a file, or sees it fail with nothing left behind and nothing said of secrets.
func arrives(t *testing.T, a Address, want string) {
	t.Helper()
	dir := t.TempDir()
	f, err := File(context.Background(), a, dir, "0")
	left, readErr := os.ReadDir(dir)
	if readErr != nil {
		t.Fatal(readErr)
	}
	if want != "" {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want %s", err, want)
		}
		if len(left) != 0 {
			t.Errorf("%s was left behind", left[0].Name())
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != body || f.SHA256 != sum(body) || f.Bytes != int64(len(body)) || len(left) != 1 {
		t.Errorf("got %q, %+v", text, f)
	}
	if !strings.HasSuffix(f.Path, ".csv") && !strings.HasSuffix(f.Path, ".csv.gz") && !strings.HasSuffix(f.Path, ".parquet") {
		t.Errorf("the format does not show in %s", f.Path)
	}
}

// store is an S3-compatible server over TLS that checks signatures, with one object.
func store(t *testing.T) *httptest.Server {
	t.Helper()
	inner := gofakes3.New(s3mem.New()).Server()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code := signature.V4SignVerifyWithSecret(r, "secretsecret"); code != signature.ErrNone || !strings.Contains(r.Header.Get("Authorization"), "Credential=KEYID/") {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<Error><Code>AccessDenied</Code><Message>no</Message></Error>`)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	client, err := minio.New(strings.TrimPrefix(s.URL, "https://"), &minio.Options{
		Creds: credentials.NewStaticV4("KEYID", "secretsecret", ""), Secure: true, Transport: s.Client().Transport, Region: "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(t.Context(), "census", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err = client.PutObject(t.Context(), "census", "2026/persons.csv", strings.NewReader(body), int64(len(body)), minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestS3(t *testing.T) {
	s := store(t)
	good := Address{
		URL: "s3://census/2026/persons.csv", Endpoint: s.URL, Region: "us-east-1", MaxBytes: 1000, Timeout: 20 * time.Second, CA: authorities(s),
		Credentials: Credentials{AccessKeyID: "KEYID", SecretAccessKey: "secretsecret"},
	}
	with := func(change func(*Address)) Address {
		a := good
		change(&a)
		return a
	}
	for name, c := range map[string]struct {
		address Address
		want    string
	}{
		"signed":            {good, ""},
		"with a checksum":   {with(func(a *Address) { a.SHA256 = sum(body) }), ""},
		"another checksum":  {with(func(a *Address) { a.SHA256 = sum("x") }), "not the file that was agreed on"},
		"too long":          {with(func(a *Address) { a.MaxBytes = 10 }), "max_bytes"},
		"another secret":    {with(func(a *Address) { a.Credentials.SecretAccessKey = "hunter2hunter2" }), "AccessDenied"},
		"another key":       {with(func(a *Address) { a.Credentials.AccessKeyID = "OTHER" }), "AccessDenied"},
		"anonymous":         {with(func(a *Address) { a.Credentials = Credentials{} }), "AccessDenied"},
		"no such key":       {with(func(a *Address) { a.URL = "s3://census/2027/persons.csv" }), "NoSuchKey"},
		"no such bucket":    {with(func(a *Address) { a.URL = "s3://senses/persons.csv" }), "NoSuch"},
		"unknown authority": {with(func(a *Address) { a.CA = nil }), "certificate"},
	} {
		t.Run(name, func(t *testing.T) { arrives(t, c.address, c.want) })
	}
}

func TestCheck(t *testing.T) {
	for url, want := range map[string]string{
		"https://host/a.csv": "", "s3://bucket/a/b.parquet": "", "http://127.0.0.1:9000/a.csv": "", "http://[::1]/a.csv": "",
		"http://host/a.csv": "plain HTTP", "https://u:hunter2@host/a.csv": "credentials_name", "ftp://host/a.csv": "neither",
		"https://host/": "no file", "s3://bucket": "no file", "": "no address", "https:///a": "no address", "https://host/a#b": "fragment", "file:///etc/passwd": "no address",
	} {
		if err := (Address{URL: url}).Check(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", url, err, want)
		}
	}
	for _, endpoint := range []string{"host", "https://host/path", "https://u:p@host", "http://host"} {
		if err := (Address{URL: "s3://b/k.csv", Endpoint: endpoint}).Check(); err == nil {
			t.Errorf("endpoint %s was accepted", endpoint)
		}
	}
}
