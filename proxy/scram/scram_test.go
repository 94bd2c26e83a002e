package scram

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	xdg "github.com/xdg-go/scram"
)

// The exchange of RFC 7677, section 3: user "user", password "pencil".
const (
	rfcClientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
	rfcServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
	rfcServerFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
	rfcClientFinal = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
	rfcServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
)

func rfcVerifier(t *testing.T) Verifier {
	t.Helper()
	salt, err := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier("pencil", salt, 4096)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRFC7677(t *testing.T) {
	s := NewServer(rfcVerifier(t), nil, rfcServerNonce)
	first, err := s.First(Plain, []byte(rfcClientFirst))
	if err != nil || string(first) != rfcServerFirst {
		t.Fatalf("server-first = %q, %v", first, err)
	}
	final, ok, err := s.Final([]byte(rfcClientFinal))
	if err != nil || !ok || string(final) != rfcServerFinal {
		t.Fatalf("server-final = %q, %v, %v", final, ok, err)
	}
	if _, ok, err := s.Final([]byte(rfcClientFinal)); ok || err == nil {
		t.Fatal("the same exchange ended twice")
	}
}

func TestReplayMeetsAnotherNonce(t *testing.T) {
	s := NewServer(rfcVerifier(t), nil, "anotherServerNonce")
	if _, err := s.First(Plain, []byte(rfcClientFirst)); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.Final([]byte(rfcClientFinal)); ok || !errors.Is(err, ErrNonce) {
		t.Fatalf("replay: ok=%v err=%v", ok, err)
	}
}

func TestWrongProof(t *testing.T) {
	v, err := NewVerifier("not pencil", []byte("0123456789abcdef"), 4096)
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(v, nil, rfcServerNonce)
	if _, err := s.First(Plain, []byte(rfcClientFirst)); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.Final([]byte(rfcClientFinal)); ok || err != nil {
		t.Fatalf("ok=%v err=%v, want a refusal without an error", ok, err)
	}
}

func TestHeaders(t *testing.T) {
	cert := []byte("hash of the certificate")
	for _, c := range []struct {
		name, mechanism, first string
		binding                []byte
		want                   error
	}{
		{"plain", Plain, "n,,n=,r=abc", nil, nil},
		{"client could bind, server cannot", Plain, "y,,n=,r=abc", nil, nil},
		{"downgrade", Plain, "y,,n=,r=abc", cert, ErrDowngrade},
		{"no binding wanted on TLS", Plain, "n,,n=,r=abc", cert, nil},
		{"binding under the plain name", Plain, "p=tls-server-end-point,,n=,r=abc", cert, ErrMalformed},
		{"plus", Plus, "p=tls-server-end-point,,n=,r=abc", cert, nil},
		{"plus without binding", Plus, "n,,n=,r=abc", cert, ErrMalformed},
		{"plus without TLS", Plus, "p=tls-server-end-point,,n=,r=abc", nil, ErrMalformed},
		{"other binding", Plus, "p=tls-unique,,n=,r=abc", cert, ErrBinding},
		{"authzid", Plain, "n,a=bob,n=,r=abc", nil, ErrAuthzid},
		{"extension", Plain, "n,,m=1,n=,r=abc", nil, ErrExtension},
		{"empty nonce", Plain, "n,,n=,r=", nil, ErrMalformed},
		{"nonce with control characters", Plain, "n,,n=,r=a\x01", nil, ErrMalformed},
		{"no nonce", Plain, "n,,n=user", nil, ErrMalformed},
		{"empty", Plain, "", nil, ErrMalformed},
		{"unknown mechanism", "SCRAM-SHA-1", "n,,n=,r=abc", nil, ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := NewServer(rfcVerifier(t), c.binding, "nonce").First(c.mechanism, []byte(c.first))
			if !errors.Is(err, c.want) {
				t.Fatalf("err = %v, want %v", err, c.want)
			}
		})
	}
}

// Another implementation of the client agrees, with and without channel binding, and sees the server's proof.
func TestAgainstAnotherClient(t *testing.T) {
	v, err := NewVerifier("pässword Ⅸ", []byte("0123456789abcdef"), 5000)
	if err != nil {
		t.Fatal(err)
	}
	cert := []byte("hash of the certificate")
	for _, c := range []struct {
		name  string
		bound []byte // what the client binds to
		ok    bool
	}{{"plain", nil, true}, {"bound", cert, true}, {"bound to another certificate", []byte("of a man in the middle"), false}} {
		t.Run(c.name, func(t *testing.T) {
			client, err := xdg.SHA256.NewClient("user", "pässword Ⅸ", "")
			if err != nil {
				t.Fatal(err)
			}
			conv, mechanism := client.NewConversation(), Plain
			if c.bound != nil {
				mechanism = Plus
				conv = client.NewConversationWithChannelBinding(xdg.ChannelBinding{
					Type: xdg.ChannelBindingTLSServerEndpoint, Data: c.bound})
			}
			s := NewServer(v, cert, "serverNonce")
			m1, err := conv.Step("")
			if err != nil {
				t.Fatal(err)
			}
			r1, err := s.First(mechanism, []byte(m1))
			if err != nil {
				t.Fatal(err)
			}
			m2, err := conv.Step(string(r1))
			if err != nil {
				t.Fatal(err)
			}
			r2, ok, err := s.Final([]byte(m2))
			if err != nil || ok != c.ok {
				t.Fatalf("ok=%v err=%v", ok, err)
			}
			if ok {
				if _, err := conv.Step(string(r2)); err != nil {
					t.Fatalf("the client refuses the server's proof: %v", err)
				}
			}
		})
	}
}

func TestVerifierText(t *testing.T) {
	v := rfcVerifier(t)
	back, err := ParseVerifier(v.String())
	if err != nil || back.String() != v.String() {
		t.Fatalf("%v, %v", back, err)
	}
	for _, bad := range []string{"", "SCRAM-SHA-256$4096:c2FsdA==", "md5abc", strings.Replace(v.String(), "4096", "100", 1),
		strings.Replace(v.String(), "4096", "100000", 1), strings.Replace(v.String(), "4096", "x", 1), v.String() + "AAAA"} {
		if _, err := ParseVerifier(bad); err == nil {
			t.Errorf("ParseVerifier(%q) accepted it", bad)
		}
	}
}

func TestMockIsStableAndDistinct(t *testing.T) {
	a, again := Mock([]byte("secret"), "alice", 4096), Mock([]byte("secret"), "alice", 4096)
	if a.String() != again.String() {
		t.Fatal("the mock of one name changed")
	}
	if b := Mock([]byte("secret"), "bob", 4096); b.String() == a.String() || string(b.Salt) == string(a.Salt) {
		t.Fatal("two names share a mock")
	}
	if other := Mock([]byte("another"), "alice", 4096); string(other.Salt) == string(a.Salt) {
		t.Fatal("the mock does not depend on the secret")
	}
	if len(a.Salt) != SaltLen {
		t.Fatalf("salt of %d bytes shows that it is a mock", len(a.Salt))
	}
}

func FuzzScram(f *testing.F) {
	f.Add(Plain, rfcClientFirst, rfcClientFinal)
	f.Add(Plus, "p=tls-server-end-point,,n=,r=abc", "c=,r=,p=")
	f.Add(Plain, "y,,n=,r=x", "c=biws,r=x,p=AAAA")
	v := Mock([]byte("secret"), "nobody", 4096)
	f.Fuzz(func(t *testing.T, mechanism, first, final string) {
		s := NewServer(v, []byte("cert"), "nonce")
		if _, err := s.First(mechanism, []byte(first)); err != nil {
			return
		}
		if _, ok, _ := s.Final([]byte(final)); ok {
			t.Fatal("a mock let somebody in")
		}
	})
}
