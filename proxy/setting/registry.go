package setting

import (
	"sort"
	"strings"

	"github.com/dpproxy/dpproxy/refusal"
)

// Setting is one row of pg_settings.
type Setting struct {
	Name        string // as SHOW spells it, e.g. "DateStyle"
	Default     string
	Description string
	ReadOnly    bool // 55P02: cannot be changed
	Report      bool // sent as ParameterStatus, at start and on each change
	// check reads a value and returns it as SHOW prints it; nil takes every text.
	check func(value string) (string, error)
	// adjust is check for settings that keep a part of what they are.
	adjust func(current, value string) (string, error)
	list   bool // SET takes several values
}

// Fixed are the values that differ between servers.
type Fixed struct {
	ServerVersion    string // "16.4 (dpproxy 0.1)"
	ServerVersionNum string // "160004"
	ScramIterations  int
	TLS              bool
}

// Registry is the closed list of settings. It is immutable.
type Registry struct {
	byName   map[string]*Setting // by lower-case name
	names    []string            // sorted
	reported []string            // in the order of ParameterStatus
}

const cannotChange = refusal.Code("55P02") // cant_change_runtime_param

// NewRegistry builds the list.
func NewRegistry(f Fixed) *Registry {
	r := &Registry{byName: map[string]*Setting{}}
	for _, group := range [][]Setting{reported(f), session(), timeouts(), planner(), fixed(f)} {
		for i := range group {
			s := &group[i]
			key := strings.ToLower(s.Name)
			r.byName[key] = s
			r.names = append(r.names, key)
			if s.Report {
				r.reported = append(r.reported, key)
			}
		}
	}
	sort.Strings(r.names)
	return r
}

// Find finds a setting by name in any case.
func (r *Registry) Find(name string) (*Setting, bool) {
	s, ok := r.byName[strings.ToLower(name)]
	return s, ok
}

func unknown(name string) error {
	return refusal.New(refusal.UndefinedObject, "unrecognized configuration parameter %q", name)
}

func reported(f Fixed) []Setting {
	return []Setting{
		{Name: "server_version", Default: f.ServerVersion, Report: true, ReadOnly: true, Description: "Shows the server version."},
		{Name: "server_encoding", Default: "UTF8", Report: true, ReadOnly: true, Description: "Shows the server (database) character set encoding."},
		{Name: "client_encoding", Default: "UTF8", Report: true, check: encoding, Description: "Sets the client's character set encoding."},
		{Name: "DateStyle", Default: "ISO, MDY", Report: true, adjust: dateStyle, list: true, Description: "Sets the display format for date and time values."},
		{Name: "IntervalStyle", Default: "postgres", Report: true, check: enum("postgres", "postgres_verbose", "sql_standard", "iso_8601"), Description: "Sets the display format for interval values."},
		{Name: "TimeZone", Default: "UTC", Report: true, check: timeZone, Description: "Sets the time zone for displaying and interpreting time stamps."},
		{Name: "integer_datetimes", Default: "on", Report: true, ReadOnly: true, Description: "Shows whether datetimes are integer based."},
		{Name: "standard_conforming_strings", Default: "on", Report: true, check: onlyOn("standard_conforming_strings"), Description: "Causes '...' strings to treat backslashes literally."},
		{Name: "is_superuser", Default: "off", Report: true, ReadOnly: true, Description: "Shows whether the current user is a superuser."},
		{Name: "session_authorization", Report: true, ReadOnly: true, Description: "Sets the session user name."},
		{Name: "application_name", Report: true, check: ascii, Description: "Sets the application name to be reported in statistics and logs."},
		{Name: "default_transaction_read_only", Default: "on", Report: true, check: boolean, Description: "Sets the default read-only status of new transactions."},
		{Name: "in_hot_standby", Default: "off", Report: true, ReadOnly: true, Description: "Shows whether hot standby is currently active."},
		{Name: "scram_iterations", Default: itoa(f.ScramIterations), Report: true, ReadOnly: true, Description: "Sets the iteration count for SCRAM secret generation."},
		{Name: "search_path", Default: `"$user", public`, Report: true, list: true, Description: "Sets the schema search order for names that are not schema-qualified."},
	}
}

func session() []Setting {
	isolation := enum("serializable", "repeatable read", "read committed", "read uncommitted")
	return []Setting{
		{Name: "traceparent", Description: "Sets the trace (W3C Trace Context) that the session's queries belong to."},
		{Name: "extra_float_digits", Default: "1", check: integer(-15, 3), Description: "Sets the number of digits displayed for floating-point values."},
		{Name: "client_min_messages", Default: "notice", check: enum("debug5", "debug4", "debug3", "debug2", "debug1", "debug", "log", "notice", "warning", "error"), Description: "Sets the message levels that are sent to the client."},
		{Name: "bytea_output", Default: "hex", check: enum("hex", "escape"), Description: "Sets the output format for bytea."},
		{Name: "xmloption", Default: "content", check: enum("content", "document"), Description: "Sets whether XML data is to be considered as documents or content fragments."},
		{Name: "transaction_isolation", Default: "read committed", check: isolation, Description: "Sets the current transaction's isolation level."},
		{Name: "default_transaction_isolation", Default: "read committed", check: isolation, Description: "Sets the transaction isolation level of each new transaction."},
		{Name: "transaction_read_only", Default: "on", check: boolean, Description: "Sets the current transaction's read-only status."},
		{Name: "transaction_deferrable", Default: "off", check: boolean, Description: "Whether to defer a read-only serializable transaction until it can be executed with no possible serialization failures."},
		{Name: "default_transaction_deferrable", Default: "off", check: boolean, Description: "Sets the default deferrable status of new transactions."},
		{Name: "row_security", Default: "on", check: boolean, Description: "Enables row security."},
		{Name: "escape_string_warning", Default: "on", check: boolean, Description: "Warn about backslash escapes in ordinary string literals."},
		{Name: "backslash_quote", Default: "safe_encoding", check: enum("safe_encoding", "on", "off"), Description: "Sets whether \"\\'\" is allowed in string literals."},
		{Name: "array_nulls", Default: "on", check: onlyOn("array_nulls"), Description: "Enables input of NULL elements in arrays."},
		{Name: "quote_all_identifiers", Default: "off", check: boolean, Description: "When generating SQL fragments, quote all identifiers."},
		{Name: "synchronous_commit", Default: "on", check: enum("local", "remote_write", "remote_apply", "on", "off"), Description: "Sets the current transaction's synchronization level."},
		{Name: "check_function_bodies", Default: "on", check: boolean, Description: "Checks routine bodies during CREATE FUNCTION and CREATE PROCEDURE."},
		{Name: "default_tablespace", Description: "Sets the default tablespace to create tables and indexes in."},
		{Name: "default_table_access_method", Default: "heap", Description: "Sets the default table access method for new tables."},
		{Name: "role", Default: "none", Description: "Sets the current role."},
		{Name: "lc_messages", Default: "C", check: ascii, Description: "Sets the language in which messages are displayed."},
		{Name: "lc_monetary", Default: "C", check: ascii, Description: "Sets the locale for formatting monetary amounts."},
		{Name: "lc_numeric", Default: "C", check: ascii, Description: "Sets the locale for formatting numbers."},
		{Name: "lc_time", Default: "C", check: ascii, Description: "Sets the locale for formatting date and time values."},
	}
}

func timeouts() []Setting {
	return []Setting{
		{Name: "statement_timeout", Default: "0", check: milliseconds("statement_timeout"), Description: "Sets the maximum allowed duration of any statement."},
		{Name: "lock_timeout", Default: "0", check: milliseconds("lock_timeout"), Description: "Sets the maximum allowed duration of any wait for a lock."},
		{Name: "idle_in_transaction_session_timeout", Default: "0", check: milliseconds("idle_in_transaction_session_timeout"), Description: "Sets the maximum allowed idle time between queries, when in a transaction."},
		{Name: "idle_session_timeout", Default: "0", check: milliseconds("idle_session_timeout"), Description: "Sets the maximum allowed idle time between queries, when not in a transaction."},
	}
}

// planner are knobs of PostgreSQL's planner that tools set by habit: they are remembered and mean nothing here.
func planner() []Setting {
	var out []Setting
	for _, name := range []string{"jit", "enable_nestloop", "enable_hashjoin", "enable_mergejoin", "enable_seqscan", "enable_indexscan",
		"enable_bitmapscan", "enable_hashagg", "enable_material", "enable_sort", "enable_parallel_append", "geqo"} {
		d := "on"
		if name == "jit" {
			d = "off"
		}
		out = append(out, Setting{Name: name, Default: d, check: boolean, Description: "Accepted, without effect."})
	}
	for name, d := range map[string]string{"work_mem": "4MB", "maintenance_work_mem": "64MB", "effective_cache_size": "4GB", "random_page_cost": "4",
		"cursor_tuple_fraction": "0.1", "max_parallel_workers_per_gather": "2", "plan_cache_mode": "auto",
		"join_collapse_limit": "8", "from_collapse_limit": "8", "default_statistics_target": "100"} {
		out = append(out, Setting{Name: name, Default: d, check: ascii, Description: "Accepted, without effect."})
	}
	return out
}

func fixed(f Fixed) []Setting {
	out := []Setting{
		{Name: "server_version_num", Default: f.ServerVersionNum, ReadOnly: true, Description: "Shows the server version as an integer."},
		{Name: "ssl", Default: onOff(f.TLS), ReadOnly: true, Description: "Enables SSL connections."},
	}
	for _, s := range [][3]string{
		{"lc_collate", "C", "Shows the collation order locale."}, {"lc_ctype", "C", "Shows the character classification and case conversion locale."},
		{"max_identifier_length", "63", "Shows the maximum identifier length."}, {"max_index_keys", "32", "Shows the maximum number of index keys."},
		{"max_function_args", "100", "Shows the maximum number of function arguments."}, {"block_size", "8192", "Shows the size of a disk block."},
		{"password_encryption", "scram-sha-256", "Chooses the algorithm for encrypting passwords."}, {"wal_level", "replica", "Sets the level of information written to the WAL."},
		{"max_prepared_transactions", "0", "Sets the maximum number of simultaneously prepared transactions."},
	} {
		out = append(out, Setting{Name: s[0], Default: s[1], ReadOnly: true, Description: s[2]})
	}
	return out
}
