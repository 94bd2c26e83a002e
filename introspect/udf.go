package introspect

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/dpproxy/dpproxy/refusal"
)

// macros are written in the engine's own SQL. Names start with dp_, which no client can call.
var macros = []string{
	"dp_expand(a) AS list_transform(list_zip(a, range(1, len(a) + 1)), lambda z: {'x': z[1], 'n': CAST(z[2] AS INTEGER)})",
	"dp_join(a, sep) AS CASE WHEN a IS NULL THEN NULL ELSE coalesce(array_to_string(list_filter(a, lambda e: e IS NOT NULL), sep), '') END",
	"dp_join_null(a, sep, nul) AS CASE WHEN a IS NULL THEN NULL ELSE coalesce(array_to_string(list_transform(a, lambda e: coalesce(CAST(e AS VARCHAR), nul)), sep), '') END",
	"dp_upper(a, d) AS CASE WHEN d = 1 AND len(a) > 0 THEN len(a) END",
	"dp_lower(a, d) AS CASE WHEN d = 1 AND len(a) > 0 THEN 1 END",
	"dp_vector_upper(a, d) AS CASE WHEN d = 1 AND len(a) > 0 THEN len(a) - 1 END",
	"dp_vector_lower(a, d) AS CASE WHEN d = 1 AND len(a) > 0 THEN 0 END",
	"dp_length(a, d) AS CASE WHEN d = 1 AND len(a) > 0 THEN len(a) END",
	"dp_dims(a, d) AS CASE WHEN len(a) > 0 THEN 1 END",
	"dp_array_out(a) AS CASE WHEN a IS NULL THEN NULL ELSE '{' || coalesce(array_to_string(list_transform(a, lambda e: coalesce(CAST(e AS VARCHAR), 'NULL')), ','), '') || '}' END",
	"dp_array_remove(a, x) AS list_filter(a, lambda e: e IS DISTINCT FROM x)",
	"dp_encoding(n) AS coalesce(list_extract(" + encodings + ", n::int8 + 1), '')",
	"dp_encoding_number(t) AS coalesce(list_position(" + encodings + ", CASE replace(upper(t), '-', '') WHEN 'UNICODE' THEN 'UTF8' ELSE replace(upper(t), '-', '') END), 0) - 1",
	"dp_substring(t, p, g) AS CASE WHEN regexp_matches(t, p) THEN regexp_extract(t, p, g) END",
	"dp_false(a) AS CASE WHEN a IS NULL THEN NULL ELSE false END",
	"dp_zero(a) AS CASE WHEN a IS NULL THEN NULL ELSE CAST(0 AS BIGINT) END",
	"dp_null_text(a) AS CAST(NULL AS VARCHAR)",
	"dp_nothing(a) AS unnest(CAST([] AS BIGINT[]))",
	"dp_series(a, b) AS unnest(generate_series(a, b))",
	"dp_series3(a, b, c) AS unnest(generate_series(a, b, c))",
	"dp_numbers(n) AS unnest(range(1, coalesce(n, 0) + 1))",
	"dp_subscripts(a) AS unnest(range(1, len(a) + 1))",
	"dp_vector_subscripts(a) AS unnest(range(0, len(a)))",
	"dp_pairs(a) AS unnest(dp_expand(a))",
	"dp_split_lines(t) AS CASE WHEN t = '' THEN CAST([] AS VARCHAR[]) ELSE string_split(t, chr(10)) END",
	"dp_lines(t) AS unnest(dp_split_lines(t))",
	"dp_type_names(v, a) AS CASE WHEN a IS NULL THEN NULL ELSE coalesce(array_to_string(list_transform(a, lambda e: dp_format_type(v, e, NULL)), ', '), '') END",
	"dp_reg_list(v, k, a) AS list_transform(CAST(a AS VARCHAR[]), lambda e: dp_reg_in(v, k, e))",
	"dp_char_max_length(t, m) AS CASE WHEN m = -1 THEN NULL WHEN t IN (1042, 1043) THEN m - 4 WHEN t IN (1560, 1562) THEN m END",
	"dp_char_octet_length(t, m) AS CASE WHEN t IN (25, 1042, 1043) THEN CASE WHEN m = -1 THEN 1073741824 ELSE (m - 4) * 4 END END",
	"dp_numeric_precision(t, m) AS CASE t WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 1700 THEN CASE WHEN m <> -1 THEN (m - 4) // 65536 END WHEN 700 THEN 24 WHEN 701 THEN 53 END",
	"dp_numeric_radix(t, m) AS CASE WHEN t IN (21, 23, 20, 700, 701) THEN 2 WHEN t = 1700 THEN 10 END",
	"dp_numeric_scale(t, m) AS CASE WHEN t IN (21, 23, 20) THEN 0 WHEN t = 1700 AND m <> -1 THEN (m - 4) % 2048 END",
	"dp_datetime_precision(t, m) AS CASE WHEN t = 1082 THEN 0 WHEN t IN (1083, 1114, 1184, 1266) THEN CASE WHEN m < 0 THEN 6 ELSE m END WHEN t = 1186 THEN 6 END",
	"dp_schemas(implicit) AS CASE WHEN implicit THEN ['pg_catalog', 'public'] ELSE ['public'] END",
}

// function is one Go function that the engine calls. Arguments are a view's number if view, then those of in; the
// result is NULL if an argument is, unless nulls.
type goFunction struct {
	name  string
	view  bool
	in    []duckdb.Type
	out   duckdb.Type
	nulls bool
	call  func(s *snapshot, a []driver.Value) (any, error)
}

func (f goFunction) config() (duckdb.ScalarFuncConfig, error) {
	c := duckdb.ScalarFuncConfig{SpecialNullHandling: f.nulls}
	types := f.in
	if f.view {
		types = append([]duckdb.Type{duckdb.TYPE_BIGINT}, types...)
	}
	for _, t := range types {
		info, err := duckdb.NewTypeInfo(t)
		if err != nil {
			return c, err
		}
		c.InputTypeInfos = append(c.InputTypeInfos, info)
	}
	info, err := duckdb.NewTypeInfo(f.out)
	c.ResultTypeInfo = info
	return c, err
}

type registered struct {
	config duckdb.ScalarFuncConfig
	run    duckdb.RowExecutorFn
}

func (r registered) Config() duckdb.ScalarFuncConfig { return r.config }
func (r registered) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: r.run}
}

// registerFunctions makes the Go functions known to the whole instance.
func registerFunctions(conn *sql.Conn, _ *static, views func(int) *snapshot) error {
	for _, f := range goFunctions {
		config, err := f.config()
		if err != nil {
			return err
		}
		if err := duckdb.RegisterScalarUDF(conn, f.name, registered{config, f.executor(views)}); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

// executor runs a function for one row. A panic must not cross into C.
func (f goFunction) executor(views func(int) *snapshot) duckdb.RowExecutorFn {
	return func(a []driver.Value) (out any, err error) {
		defer func() {
			if p := recover(); p != nil {
				out, err = nil, fmt.Errorf("%s: %v", f.name, p)
			}
		}()
		if !f.view {
			return f.call(nil, a)
		}
		s := views(int(integer(a[0])))
		if s == nil {
			return nil, fmt.Errorf("%s: view is gone", f.name)
		}
		return f.call(s, a[1:])
	}
}

func integer(v driver.Value) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case int32:
		return int64(v)
	case int16:
		return int64(v)
	case int8:
		return int64(v)
	}
	return 0
}

func oidArg(v driver.Value) uint32 { return uint32(integer(v)) }

func textArg(v driver.Value) string {
	s, _ := v.(string) // NULL is ""
	return s
}

// orNull turns a missing answer into NULL.
func orNull(text string, ok bool) (any, error) {
	if !ok {
		return nil, nil
	}
	return text, nil
}

const (
	tText = duckdb.TYPE_VARCHAR
	tOID  = duckdb.TYPE_BIGINT
	tBool = duckdb.TYPE_BOOLEAN
)

var goFunctions = []goFunction{
	{"dp_format_type", true, []duckdb.Type{tOID, tOID}, tText, true, func(s *snapshot, a []driver.Value) (any, error) {
		if a[0] == nil {
			return nil, nil
		}
		if a[1] == nil {
			return s.formatType(oidArg(a[0]), -1, false), nil
		}
		return s.formatType(oidArg(a[0]), integer(a[1]), true), nil
	}},
	{"dp_reg_in", true, []duckdb.Type{tText, tText}, tOID, false, func(s *snapshot, a []driver.Value) (any, error) {
		kind, name := sqlType(textArg(a[0])), textArg(a[1])
		oid, ok := s.regIn(kind, name)
		if !ok {
			r := missing(kind, name)
			return nil, raise(r.Code, r.Message)
		}
		return int64(oid), nil
	}},
	{"dp_to_reg", true, []duckdb.Type{tText, tText}, tOID, false, func(s *snapshot, a []driver.Value) (any, error) {
		if oid, ok := s.regIn(sqlType(textArg(a[0])), textArg(a[1])); ok {
			return int64(oid), nil
		}
		return nil, nil
	}},
	{"dp_reg_out", true, []duckdb.Type{tText, tOID}, tText, false, func(s *snapshot, a []driver.Value) (any, error) {
		return s.regOut(sqlType(textArg(a[0])), oidArg(a[1])), nil
	}},
	{"dp_describe", true, []duckdb.Type{tOID, tText, tOID}, tText, false, func(s *snapshot, a []driver.Value) (any, error) {
		return orNull(s.describe(oidArg(a[0]), textArg(a[1]), int32(integer(a[2]))))
	}},
	{"dp_constraintdef", true, []duckdb.Type{tOID}, tText, false, func(s *snapshot, a []driver.Value) (any, error) {
		oid := oidArg(a[0])
		if text, ok := s.constraints[oid]; ok {
			return text, nil
		}
		text, ok := s.static.constraints[oid]
		return orNull(text, ok)
	}},
	{"dp_indexdef", true, []duckdb.Type{tOID, tOID, tBool}, tText, false, func(s *snapshot, a []driver.Value) (any, error) {
		pretty, _ := a[2].(bool)
		return orNull(s.indexText(oidArg(a[0]), int(integer(a[1])), pretty))
	}},
	{"dp_role_name", true, []duckdb.Type{tOID}, tText, false, func(s *snapshot, a []driver.Value) (any, error) {
		if name, ok := s.roles[oidArg(a[0])]; ok {
			return name, nil
		}
		return "unknown (OID=" + strconv.FormatInt(integer(a[0]), 10) + ")", nil
	}},
	{"dp_visible", true, []duckdb.Type{tText, tOID}, tBool, false, func(s *snapshot, a []driver.Value) (any, error) {
		visible, ok := s.visibleObject(textArg(a[0]), oidArg(a[1]))
		if !ok {
			return nil, nil
		}
		return visible, nil
	}},
	{"dp_proc_text", true, []duckdb.Type{tOID, tOID}, tText, false, func(s *snapshot, a []driver.Value) (any, error) {
		texts, ok := s.static.procText[oidArg(a[0])]
		return orNull(texts[min(max(integer(a[1]), 0), 2)], ok)
	}},
	{"dp_privilege", true, []duckdb.Type{tText, tOID, tText}, tBool, false, func(s *snapshot, a []driver.Value) (any, error) {
		return s.privilege(textArg(a[0]), oidArg(a[1]), textArg(a[2]))
	}},
	{"dp_acl", true, []duckdb.Type{tText}, tText, false, func(s *snapshot, a []driver.Value) (any, error) {
		return s.explode(textArg(a[0])), nil
	}},
	{"dp_acl_default", true, []duckdb.Type{tText, tOID}, tText, false, func(s *snapshot, a []driver.Value) (any, error) {
		return s.defaultACL(textArg(a[0]), oidArg(a[1]))
	}},
	{"dp_viewdef", true, []duckdb.Type{tOID, tBool}, tText, false, func(s *snapshot, a []driver.Value) (any, error) {
		texts, ok := s.static.viewText[oidArg(a[0])]
		if pretty, _ := a[1].(bool); pretty {
			return orNull(texts[1], ok)
		}
		return orNull(texts[0], ok)
	}},
	{"dp_functiondef", true, []duckdb.Type{tOID}, tText, false, func(s *snapshot, a []driver.Value) (any, error) {
		return orNull(s.functionText(oidArg(a[0])))
	}},
	{"dp_to_char", false, []duckdb.Type{duckdb.TYPE_TIMESTAMP, tText}, tText, false, func(_ *snapshot, a []driver.Value) (any, error) {
		at, _ := a[0].(time.Time)
		return toChar(at.UTC(), textArg(a[1])), nil
	}},
	{"dp_record_field", false, []duckdb.Type{tText}, tText, true, func(_ *snapshot, a []driver.Value) (any, error) {
		if a[0] == nil {
			return "", nil
		}
		return quoteField(textArg(a[0])), nil
	}},
	{"dp_parse_ident", false, []duckdb.Type{tText}, tText, false, func(_ *snapshot, a []driver.Value) (any, error) {
		parts, ok := splitName(textArg(a[0]))
		if !ok {
			return nil, raise(refusal.InvalidParameterValue, "string is not a valid identifier: \""+textArg(a[0])+"\"")
		}
		return strings.Join(parts, fieldMark), nil
	}},
	{"dp_quote_ident", false, []duckdb.Type{tText}, tText, false, func(_ *snapshot, a []driver.Value) (any, error) {
		return quoteIdent(textArg(a[0])), nil
	}},
	{"dp_quote_literal", false, []duckdb.Type{tText}, tText, false, func(_ *snapshot, a []driver.Value) (any, error) {
		quoted := "'" + strings.ReplaceAll(strings.ReplaceAll(textArg(a[0]), `\`, `\\`), "'", "''") + "'"
		if strings.Contains(quoted, `\`) {
			quoted = "E" + quoted
		}
		return quoted, nil
	}},
	{"dp_size_pretty", false, []duckdb.Type{tOID}, tText, false, func(_ *snapshot, a []driver.Value) (any, error) {
		return sizePretty(integer(a[0])), nil
	}},
}

// formatInt prints a number.
func formatInt(n int64) string { return strconv.FormatInt(n, 10) }

// sizePretty is pg_size_pretty: a unit is left when ten thousand of it are reached; halves round up.
func sizePretty(n int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB", "PB"}
	i := 0
	for ; i < len(units)-1 && (n >= 10240 || n <= -10240); i++ {
		n = (n + 512) / 1024
	}
	return fmt.Sprintf("%d %s", n, units[i])
}

// encodings are the names of PostgreSQL's encodings, in the order of their numbers.
const encodings = "[" +
	"'SQL_ASCII', 'EUC_JP', 'EUC_CN', 'EUC_KR', 'EUC_TW', 'EUC_JIS_2004', 'UTF8', 'MULE_INTERNAL', 'LATIN1', " +
	"'LATIN2', 'LATIN3', 'LATIN4', 'LATIN5', 'LATIN6', 'LATIN7', 'LATIN8', 'LATIN9', 'LATIN10', 'WIN1256', " +
	"'WIN1258', 'WIN866', 'WIN874', 'KOI8R', 'WIN1251', 'WIN1252', 'ISO_8859_5', 'ISO_8859_6', 'ISO_8859_7', " +
	"'ISO_8859_8', 'WIN1250', 'WIN1253', 'WIN1254', 'WIN1255', 'WIN1257', 'KOI8U', 'SJIS', 'BIG5', 'GBK', 'UHC', " +
	"'GB18030', 'JOHAB', 'SHIFT_JIS_2004' " +
	"]"
