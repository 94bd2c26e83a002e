package login

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dpproxy/dpproxy/answer"
)

// KeyConfig is `auth.table:`, a table of PostgreSQL with one row for each permission of a key.
type KeyConfig struct {
	URL     string
	Table   string // name, or schema.name
	Key     string // the column that holds the key, or its SHA-256 in lower-case hex if Hashed
	Hashed  bool
	User    string // the column of the user's name; empty: the account is named after the key's hash
	AnyName bool   // the name that the client gives need not be the row's

	Permission, Dataset string // columns: a query class ("*": all, empty or NULL: metadata), a dataset ("*": all)
	Limit               string // qualifier: lifetime limit of such queries; empty: none
	Expires             string // qualifier: a time; empty: none
	Timeout             time.Duration
}

// DefaultKeyConfig has the names of columns that the documentation uses.
func DefaultKeyConfig() KeyConfig {
	return KeyConfig{Key: "key", Permission: "permission", Dataset: "dataset", Timeout: 2 * time.Second}
}

// Keys judges keys. It is safe for concurrent use.
type Keys struct {
	config KeyConfig
	pool   *pgxpool.Pool
	sql    string
	clock  func() time.Time
}

// NewKeys makes a pool of connections. It does not connect.
func NewKeys(ctx context.Context, c KeyConfig, clock func() time.Time) (*Keys, error) {
	options, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, errors.New("login: the address of the table of keys cannot be read")
	}
	options.MaxConns = 4
	options.ConnConfig.ConnectTimeout = c.Timeout
	pool, err := pgxpool.NewWithConfig(ctx, options)
	if err != nil {
		return nil, errors.New("login: the address of the table of keys cannot be used")
	}
	return &Keys{config: c, pool: pool, sql: c.query(), clock: clock}, nil
}

// Close ends the connections.
func (k *Keys) Close() { k.pool.Close() }

// query reads the rows of one key. All columns come as text, whatever their types.
func (c KeyConfig) query() string {
	column := func(name, cast string) string {
		if name == "" {
			return "NULL::text"
		}
		return pgx.Identifier{name}.Sanitize() + cast
	}
	// Seconds since 1970: no text of a time depends on a session's zone. A time without a zone is in UTC.
	expires := "NULL::float8"
	if c.Expires != "" {
		expires = "extract(epoch FROM " + pgx.Identifier{c.Expires}.Sanitize() + ")::float8"
	}
	return fmt.Sprintf(`SELECT %s, %s, %s, %s, %s FROM %s WHERE %s = $1 LIMIT %d`,
		column(c.User, "::text"), column(c.Permission, "::text"), column(c.Dataset, "::text"), column(c.Limit, "::bigint::text"), expires,
		pgx.Identifier(strings.Split(c.Table, ".")).Sanitize(), pgx.Identifier{c.Key}.Sanitize(), maxPermissions+1)
}

// errTable says that the table cannot be asked.
var errTable = errors.New("login: the table of keys cannot be read")

// check looks a key up.
func (k *Keys) check(ctx context.Context, user string, secret []byte) (*answer.Principal, string, error) {
	if !utf8.Valid(secret) {
		return nil, "the key is no text", nil
	}
	sum := sha256.Sum256(secret)
	hash := hex.EncodeToString(sum[:])
	given := string(secret)
	if k.config.Hashed {
		given = hash
	}
	ctx, cancel := context.WithTimeout(ctx, k.config.Timeout)
	defer cancel()
	p := &answer.Principal{User: "key-" + hash[:16], Method: "key", Restricted: true}
	rows := 0
	var name, permission, dataset, limit *string
	var expires *float64
	reason := ""
	found, _ := k.pool.Query(ctx, k.sql, given) // its error is what reading says
	_, err := pgx.ForEachRow(found, []any{&name, &permission, &dataset, &limit, &expires}, func() error {
		rows++
		if r := k.row(p, rows == 1, name, permission, dataset, limit, expires); r != "" {
			reason = r
		}
		return nil
	})
	switch {
	case isUnfit(err):
		return nil, "the key is of a form that the table's columns do not have, or its row is", nil
	case err != nil:
		return nil, "", errors.Join(errTable, err)
	case rows == 0:
		return nil, "no such key", nil
	case rows > maxPermissions:
		return nil, errTooMany.Error(), nil
	case reason != "":
		return nil, reason, nil
	case k.config.User != "" && !k.config.AnyName && p.User != user:
		return nil, "the key is another user's", nil
	case !p.Expires.IsZero() && !k.clock().Before(p.Expires):
		return nil, "the key has expired", nil
	}
	return p, "", nil
}

// isUnfit tells an error of class 22, a value that is none of its type: a key that is no uuid, say. Its message repeats the
// value, which is what somebody offered as a secret, and so must not reach the log.
func isUnfit(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && strings.HasPrefix(e.Code, "22")
}

// row adds one row's permission. Rows of a key must agree on whose it is; the earliest end counts.
func (k *Keys) row(p *answer.Principal, first bool, name, permission, dataset, limit *string, expires *float64) (reason string) {
	if k.config.User != "" {
		if name == nil || !validName(*name) || !first && *name != p.User {
			return "the key has no user, or several"
		}
		p.User = *name
	}
	if expires != nil && !math.IsInf(*expires, 1) {
		end := time.UnixMicro(int64(*expires * 1e6))
		if p.Expires.IsZero() || end.Before(p.Expires) {
			p.Expires = end
		}
	}
	if dataset == nil || *dataset == "" {
		return "" // a key without a data set reaches none
	}
	g := answer.Permission{Dataset: *dataset}
	if permission != nil {
		g.Operation = *permission
	}
	if limit != nil {
		var n int64
		if _, err := fmt.Sscan(*limit, &n); err != nil {
			return "the limit of a key is no whole number"
		}
		var err error
		if g, err = limited(g, n); err != nil {
			return err.Error()
		}
	}
	p.Permissions = append(p.Permissions, g)
	return ""
}
