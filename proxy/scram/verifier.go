package scram

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/xdg-go/stringprep"
)

// Iterations that are accepted: fewer are too weak, more are refused by newer JDBC drivers.
const (
	MinIterations     = 4096
	MaxIterations     = 99_999
	DefaultIterations = 4096
	SaltLen           = 16 // bytes, as PostgreSQL draws
)

// Verifier is what a server keeps instead of a password. A value that exists is valid: ParseVerifier, NewVerifier and
// Mock make it. The zero value satisfies no proof.
type Verifier struct {
	Iterations           int
	Salt                 []byte
	StoredKey, ServerKey []byte // 32 bytes each
}

var errVerifier = errors.New("scram: not a verifier of the form SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>")

// ParseVerifier reads PostgreSQL's form, SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>, base64 throughout. Its
// errors never repeat the text.
func ParseVerifier(s string) (Verifier, error) {
	rest, ok := strings.CutPrefix(s, "SCRAM-SHA-256$")
	params, keys, ok2 := strings.Cut(rest, "$")
	iter, salt, ok3 := strings.Cut(params, ":")
	stored, server, ok4 := strings.Cut(keys, ":")
	if !ok || !ok2 || !ok3 || !ok4 {
		return Verifier{}, errVerifier
	}
	v := Verifier{}
	var errs [4]error
	v.Iterations, errs[0] = strconv.Atoi(iter)
	v.Salt, errs[1] = base64.StdEncoding.DecodeString(salt)
	v.StoredKey, errs[2] = base64.StdEncoding.DecodeString(stored)
	v.ServerKey, errs[3] = base64.StdEncoding.DecodeString(server)
	if errors.Join(errs[:]...) != nil || len(v.Salt) == 0 || len(v.StoredKey) != sha256.Size || len(v.ServerKey) != sha256.Size {
		return Verifier{}, errVerifier
	}
	if v.Iterations < MinIterations || v.Iterations > MaxIterations {
		return Verifier{}, fmt.Errorf("scram: the verifier's iterations must be %d to %d", MinIterations, MaxIterations)
	}
	return v, nil
}

// NewVerifier makes the verifier of a password. The password is normalised by SASLprep; one that SASLprep refuses is
// taken byte for byte, as PostgreSQL and its clients do.
func NewVerifier(password string, salt []byte, iterations int) (Verifier, error) {
	if iterations < MinIterations || iterations > MaxIterations {
		return Verifier{}, fmt.Errorf("scram: iterations must be %d to %d", MinIterations, MaxIterations)
	}
	if len(salt) == 0 {
		return Verifier{}, errors.New("scram: the salt is empty")
	}
	if prepared, err := stringprep.SASLprep.Prepare(password); err == nil {
		password = prepared
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return Verifier{}, err
	}
	return fromSalted(salted, salt, iterations), nil
}

// fromSalted derives the two keys of RFC 5802, section 3.
func fromSalted(salted, salt []byte, iterations int) Verifier {
	stored := sha256.Sum256(sum(salted, "Client Key"))
	return Verifier{Iterations: iterations, Salt: salt, StoredKey: stored[:], ServerKey: sum(salted, "Server Key")}
}

// Mock makes the verifier of a user who does not exist: its salt depends on the user's name and the secret alone, so
// that asking twice shows nothing. No proof satisfies it but by guessing 256 bits.
func Mock(secret []byte, user string, iterations int) Verifier {
	salt := sum(secret, "salt\x00"+user)[:SaltLen]
	return fromSalted(sum(secret, "salted password\x00"+user), salt, iterations)
}

// String is PostgreSQL's form.
func (v Verifier) String() string {
	b := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", v.Iterations, b(v.Salt), b(v.StoredKey), b(v.ServerKey))
}

func sum(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
