package approval

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/scrypt"
)

// Key is an Ed25519 public key in text: "ed25519:" and base64.
type Key string

const keyPrefix = "ed25519:"

// KeyOf is a public key in text.
func KeyOf(k ed25519.PublicKey) Key { return Key(keyPrefix + base64.StdEncoding.EncodeToString(k)) }

// Public is the key itself; an error names no key.
func (k Key) Public() (ed25519.PublicKey, error) {
	text, ok := strings.CutPrefix(string(k), keyPrefix)
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(raw) != ed25519.PublicKeySize || KeyOf(raw) != k {
		return nil, errors.New("is no public key: it begins with ed25519:")
	}
	return raw, nil
}

// verify checks a signature in base64.
func (k Key) verify(msg []byte, signature string) bool {
	public, err := k.Public()
	if err != nil {
		return false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(signature)
	return err == nil && len(raw) == ed25519.SignatureSize && ed25519.Verify(public, msg, raw)
}

// Secret is a secret key with its owner's name.
type Secret struct {
	Name string
	key  ed25519.PrivateKey
}

// NewSecret draws a key.
func NewSecret(name string) (*Secret, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return &Secret{Name: name, key: key}, err
}

// Public is the key's public half.
func (s *Secret) Public() Key { return KeyOf(s.key.Public().(ed25519.PublicKey)) }

func (s *Secret) sign(msg []byte) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(s.key, msg))
}

// String hides the key.
func (s *Secret) String() string { return "secret key of " + s.Name }

// secretFile is a secret key on disk. With a passphrase, the seed is sealed by XChaCha20-Poly1305 under scrypt.
type secretFile struct {
	Format string `json:"format"`
	Name   string `json:"name"`
	Public Key    `json:"public"`
	Seed   []byte `json:"seed,omitempty"`
	Salt   []byte `json:"salt,omitempty"`
	Nonce  []byte `json:"nonce,omitempty"`
	Sealed []byte `json:"sealed,omitempty"`
}

const (
	secretFormat = "dpproxy-secret-key-1"
	scryptN      = 1 << 15
)

// WriteSecret writes a secret key into a new file that only its owner may read. An empty passphrase leaves it open.
func WriteSecret(path string, s *Secret, passphrase string) error {
	f := secretFile{Format: secretFormat, Name: s.Name, Public: s.Public()}
	if passphrase == "" {
		f.Seed = s.key.Seed()
	} else {
		f.Salt, f.Nonce = make([]byte, 32), make([]byte, chacha20poly1305.NonceSizeX)
		rand.Read(f.Salt)
		rand.Read(f.Nonce)
		aead, err := sealer(passphrase, f.Salt)
		if err != nil {
			return err
		}
		f.Sealed = aead.Seal(nil, f.Nonce, s.key.Seed(), []byte(f.Public))
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(append(text, '\n'))
	return errors.Join(err, out.Close())
}

type aead interface {
	Seal(dst, nonce, plaintext, additional []byte) []byte
	Open(dst, nonce, ciphertext, additional []byte) ([]byte, error)
}

func sealer(passphrase string, salt []byte) (aead, error) {
	key, err := scrypt.Key([]byte(passphrase), salt, scryptN, 8, 1, chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	return chacha20poly1305.NewX(key)
}

// ReadSecret reads a secret key. ask is called for the passphrase, if the file has one.
func ReadSecret(path string, ask func() (string, error)) (*Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others: chmod 600 it", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var f secretFile
	if err := decode(data, &f); err != nil || f.Format != secretFormat {
		return nil, fmt.Errorf("%s is no secret key of dpproxy", path)
	}
	seed := f.Seed
	if f.Sealed != nil {
		passphrase, err := ask()
		if err != nil {
			return nil, err
		}
		aead, err := sealer(passphrase, f.Salt)
		if err != nil {
			return nil, err
		}
		if len(f.Nonce) != chacha20poly1305.NonceSizeX {
			return nil, fmt.Errorf("%s is damaged", path)
		}
		if seed, err = aead.Open(nil, f.Nonce, f.Sealed, []byte(f.Public)); err != nil {
			return nil, errors.New("the passphrase is wrong")
		}
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s is damaged", path)
	}
	s := &Secret{Name: f.Name, key: ed25519.NewKeyFromSeed(seed)}
	if s.Public() != f.Public {
		return nil, fmt.Errorf("%s is damaged", path)
	}
	return s, nil
}
