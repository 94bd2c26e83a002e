package postgres

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// settings are those of every session: what changes output text, what changes the meaning of a name or a literal, and
// what could write.
func settings(statementTimeout time.Duration) map[string]string {
	return map[string]string{
		"search_path":                         "pg_catalog, pg_temp", // temporary objects last: they shadow nothing
		"default_transaction_read_only":       "on",
		"standard_conforming_strings":         "on",
		"client_encoding":                     "UTF8",
		"DateStyle":                           "ISO, MDY",
		"IntervalStyle":                       "postgres",
		"TimeZone":                            "UTC",
		"extra_float_digits":                  "1", // shortest text that reads back the same
		"bytea_output":                        "hex",
		"statement_timeout":                   strconv.FormatInt(statementTimeout.Milliseconds(), 10),
		"idle_in_transaction_session_timeout": "60000", // if this process hangs, its transaction must not
		"client_connection_check_interval":    "2000",  // if this process dies, its query must not go on
		"jit":                                 "off",   // compiling costs more than these queries run
	}
}

// fallback is how connections get their settings: as start-up parameters, which cost nothing. If the other side refuses
// start-up parameters (PgBouncer does, and servers that lack one of them), connections start without, and set what they
// can.
type fallback struct {
	settings map[string]string
	params   map[string]string // start-up parameters without the settings
	refused  atomic.Bool
	logger   *slog.Logger
}

// prologueKey is where a connection keeps the statement that each of its transactions begins with.
const prologueKey = "dpproxy.prologue"

func newFallback(config *pgx.ConnConfig, settings map[string]string, logger *slog.Logger) *fallback {
	f := &fallback{settings: settings, params: map[string]string{}, logger: logger}
	for name, value := range config.RuntimeParams {
		if _, ours := settings[name]; !ours {
			f.params[name] = value
		}
	}
	return f
}

// isRefusal tells that a connection failed for its start-up parameters, and notes it for the next one.
func (f *fallback) isRefusal(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || f.refused.Load() {
		return false
	}
	if pg.Code == "08P01" || strings.HasPrefix(pg.Code, "42") || strings.HasPrefix(pg.Code, "22") {
		f.logger.Warn("source refuses start-up parameters; settings go into each transaction")
		f.refused.Store(true)
		return true
	}
	return false
}

func (f *fallback) beforeConnect(_ context.Context, config *pgx.ConnConfig) error {
	if f.refused.Load() {
		config.RuntimeParams = maps.Clone(f.params)
	}
	return nil
}

func (f *fallback) afterConnect(ctx context.Context, conn *pgx.Conn) error {
	if !f.refused.Load() {
		return nil
	}
	var prologue []string
	for name, value := range f.settings {
		call := "set_config(" + literal(name) + ", " + literal(value) + ", "
		if _, err := conn.PgConn().ExecParams(ctx, "SELECT pg_catalog."+call+"false)", nil, nil, nil, nil).Close(); err != nil {
			var pg *pgconn.PgError
			if errors.As(err, &pg) && !slices.Contains(essential(), name) {
				continue // the server has no such setting
			}
			return err
		}
		prologue = append(prologue, "pg_catalog."+call+"true)")
	}
	slices.Sort(prologue)
	conn.PgConn().CustomData()[prologueKey] = "SELECT " + strings.Join(prologue, ", ")
	return nil
}

// essential settings change what an answer's text means; without them, there is no connection.
func essential() []string {
	return []string{
		"search_path", "standard_conforming_strings", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone",
		"extra_float_digits", "bytea_output",
	}
}

// literal quotes a string of ours.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
