package fetch

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Address is where a file is. A value that exists was checked by Check.
type Address struct {
	URL         string // https://host/path, or s3://bucket/key
	SHA256      string // of the file, in lower-case hex; empty: not known
	MaxBytes    int64
	Timeout     time.Duration // of the whole transfer
	CA          []byte        // PEM of the authorities of the server; nil: the system's
	Credentials Credentials

	// Of S3 alone.
	Endpoint string // https://host; empty: Amazon's
	Region   string
}

// Credentials are those of one server. The zero value is none.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string // S3
	Token                                      string // HTTPS: Bearer
	User, Password                             string // HTTPS: Basic
}

// The defaults of an Address.
const (
	DefaultMaxBytes = 4 << 30          // what a machine of 16 GB loads into memory
	DefaultTimeout  = 10 * time.Minute // 4 GiB at 7 MB/s
)

// Check says what is wrong with an address.
func (a Address) Check() error {
	u, err := url.Parse(a.URL)
	if err != nil || u.Host == "" {
		return errors.New("is no address of a file")
	}
	switch {
	case u.User != nil:
		return errors.New("holds a name or password: name the credentials by credentials_name")
	case u.Fragment != "":
		return errors.New("has a fragment, which names no file")
	case strings.Trim(u.Path, "/") == "":
		return errors.New("names no file on its server")
	case u.Scheme == "s3":
		if a.Endpoint == "" {
			return nil
		}
		e, err := url.Parse(a.Endpoint)
		if err != nil || e.Host == "" || strings.Trim(e.Path, "/") != "" || e.RawQuery != "" || e.User != nil {
			return errors.New("has an endpoint_url that is no https://host")
		}
		return checkScheme(e)
	}
	return checkScheme(u)
}

func checkScheme(u *url.URL) error {
	ip := net.ParseIP(u.Hostname())
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()):
	case u.Scheme == "http":
		return errors.New("is plain HTTP: anybody on the way could read and change the file")
	default:
		return errors.New("is neither https:// nor s3://")
	}
	return nil
}

// Name is the address for people: without its query, which may be a secret.
func (a Address) Name() string {
	u, err := url.Parse(a.URL)
	if err != nil {
		return "the file"
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// Fetched is a file that has arrived.
type Fetched struct {
	Path   string
	Bytes  int64
	SHA256 string
}

// File brings a file into a directory, which should be nobody else's. Its name is the given one, with the ending of the
// address, by which formats are told.
func File(ctx context.Context, a Address, dir, name string) (f Fetched, err error) {
	if err := a.Check(); err != nil {
		return f, fmt.Errorf("%s %w", a.Name(), err)
	}
	ctx, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	body, length, err := a.open(ctx)
	if err != nil {
		return f, fmt.Errorf("%s cannot be fetched: %w", a.Name(), bland(ctx, err))
	}
	defer body.Close()
	if length > a.MaxBytes {
		return f, fmt.Errorf("%s has %d bytes, more than max_bytes", a.Name(), length)
	}
	part := filepath.Join(dir, name+".part")
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return f, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part)
		}
	}()
	hash := sha256.New()
	f.Bytes, err = io.Copy(io.MultiWriter(out, hash), io.LimitReader(body, a.MaxBytes+1))
	if closing := out.Close(); err == nil {
		err = closing
	}
	f.SHA256 = hex.EncodeToString(hash.Sum(nil))
	switch {
	case err != nil:
		return f, fmt.Errorf("%s did not arrive whole: %w", a.Name(), bland(ctx, err))
	case f.Bytes > a.MaxBytes:
		return f, fmt.Errorf("%s has more than max_bytes, %d", a.Name(), a.MaxBytes)
	case length >= 0 && f.Bytes != length:
		return f, fmt.Errorf("%s did not arrive whole: %d of %d bytes", a.Name(), f.Bytes, length)
	case a.SHA256 != "" && f.SHA256 != a.SHA256:
		return f, fmt.Errorf("%s is not the file that was agreed on: its SHA-256 is %s", a.Name(), f.SHA256)
	}
	f.Path = filepath.Join(dir, name+ending(a.URL))
	return f, os.Rename(part, f.Path)
}

// ending is ".csv", ".csv.gz", ".parquet".
func ending(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	base := strings.ToLower(path.Base(u.Path))
	if stem, zipped := strings.CutSuffix(base, ".gz"); zipped {
		return path.Ext(stem) + ".gz"
	}
	return path.Ext(base)
}

// bland is an error without the address that it may repeat.
func bland(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("it took too long")
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// open begins a transfer; length is -1 where the server does not say it.
func (a Address) open(ctx context.Context) (body io.ReadCloser, length int64, err error) {
	transport, err := a.transport()
	if err != nil {
		return nil, 0, err
	}
	if strings.HasPrefix(a.URL, "s3://") {
		return a.openS3(ctx, transport)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL, nil)
	if err != nil {
		return nil, 0, err
	}
	switch c := a.Credentials; {
	case c.Token != "":
		request.Header.Set("Authorization", "Bearer "+c.Token)
	case c.User != "":
		request.SetBasicAuth(c.User, c.Password)
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > 5 || via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
			return errors.New("it redirects to where nobody should follow")
		}
		return nil
	}}
	response, err := client.Do(request)
	if err != nil {
		transport.CloseIdleConnections()
		return nil, 0, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, 0, fmt.Errorf("the server answers with HTTP status %d", response.StatusCode)
	}
	return &transfer{response.Body, transport}, response.ContentLength, nil
}

// transfer closes the connection with the body.
type transfer struct {
	io.ReadCloser
	transport *http.Transport
}

// Close ends the transfer.
func (t *transfer) Close() error {
	err := t.ReadCloser.Close()
	t.transport.CloseIdleConnections()
	return err
}

func (a Address) transport() (*http.Transport, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableCompression = true // the checksum is of the file as it is kept
	t.ResponseHeaderTimeout = min(a.Timeout, time.Minute)
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if a.CA != nil {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(a.CA) {
			return nil, errors.New("the file of authorities holds no certificate")
		}
		t.TLSClientConfig.RootCAs = pool
	}
	return t, nil
}
