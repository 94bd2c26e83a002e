package proxy

import (
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	// The hashes that a certificate's signature may name, for tls-server-end-point.
	_ "crypto/sha512"
)

// alpn is the protocol's registered name.
const alpn = "postgresql"

// tlsState is a loaded certificate and what follows from it. It does not change, tried aside; a reload makes a new one.
type tlsState struct {
	config *tls.Config
	// endPoint is the certificate's hash that SCRAM-SHA-256-PLUS binds to (RFC 5929, section 4.1).
	endPoint []byte
	// keyHash is made of the private key; see Config.MockSecret.
	keyHash []byte
	// files are what it was loaded from, as they were then; tried is their state when they were last tried again.
	files TLS
	stamp string
	tried atomic.Pointer[string]
}

// loadTLS reads the files. It returns nil for a configuration without a certificate.
func loadTLS(c TLS) (*tlsState, error) {
	if c.Cert == "" {
		return nil, nil
	}
	stamp := c.stamp() // before they are read: what changes meanwhile is read again
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, fmt.Errorf("proxy: TLS certificate: %w", err)
	}
	st := &tlsState{files: c, stamp: stamp, config: &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{alpn}, Certificates: []tls.Certificate{pair}}}
	if st.endPoint, err = endPoint(pair.Leaf); err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("proxy: TLS key: %w", err)
	}
	sum := sha256.Sum256(append([]byte("dpproxy mock secret\x00"), key...))
	st.keyHash = sum[:]
	if c.ClientCA != "" {
		pem, err := os.ReadFile(c.ClientCA)
		if err != nil {
			return nil, fmt.Errorf("proxy: client_ca: %w", err)
		}
		st.config.ClientCAs = x509.NewCertPool()
		if !st.config.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("proxy: client_ca holds no certificate")
		}
		st.config.ClientAuth = tls.RequireAndVerifyClientCert
		if c.ClientOptional {
			st.config.ClientAuth = tls.VerifyClientCertIfGiven
		}
	}
	return st, nil
}

// endPoint hashes a certificate with the hash of its own signature; MD5 and SHA-1 count as SHA-256.
func endPoint(cert *x509.Certificate) ([]byte, error) {
	hash := crypto.SHA256
	switch cert.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		hash = crypto.SHA512
	case x509.UnknownSignatureAlgorithm:
		return nil, errors.New("proxy: the TLS certificate's signature algorithm is unknown")
	}
	h := hash.New()
	h.Write(cert.Raw)
	return h.Sum(nil), nil
}
