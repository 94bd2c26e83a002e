package expr

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// worstValues are the values that break naive SQL, as text; "" stands for NULL in tables, so the empty text is 'empty'.
// The first `few` of each list are those that matter most, for expressions of three columns.
func worstValues(t catalog.Type) []string {
	switch t.Kind {
	case boo:
		return []string{"t", "f"}
	case i2:
		return []string{"0", "-1", "32767", "-32768", "1", "50", "7"}
	case i4:
		return []string{"0", "-1", "2147483647", "-2147483648", "1", "2", "50", "100", "-100", "32768", "99"}
	case i8:
		return []string{"0", "-1", "9223372036854775807", "-9223372036854775808", "1", "50", "2147483648", "9007199254740993", "-100"}
	case num:
		if t.HasScale && t.Precision == maxDigits+1 { // HUGEINT
			return []string{"0", "170141183460469231731687303715884105727", "-170141183460469231731687303715884105728", "99999999999999999999999999999999999999", "50", "-1"}
		}
		if t.HasScale && t.Precision == maxDigits {
			nines := strings.Repeat("9", maxDigits-t.Scale) + "." + strings.Repeat("9", t.Scale)
			if t.Scale == 0 {
				nines = strings.TrimSuffix(nines, ".")
			}
			list := []string{"0", nines, "-" + nines, "NaN", "1", "2.5"}
			if t.Scale < maxDigits-3 {
				list = append(list, "50", "100", "99")
			}
			return list
		}
		if t.HasScale {
			return []string{"0", "-0.01", "99999999.99", "-99999999.99", "NaN", "0.01", "2.50", "-2.50", "50.00", "100.00", "1.25"}
		}
		return []string{"0", "-1", "NaN", "Infinity", "-Infinity", "1" + strings.Repeat("0", 1000), "0." + strings.Repeat("0", 400) + "1", "2.5", "-2.5", "50", "100", "2147483647.5", "0.1"}
	case f4:
		return []string{"0", "-1", "NaN", "Infinity", "-Infinity", "3.4e38", "1e-45", "-0", "2.5", "50", "100", "1e-20"}
	case f8:
		return []string{"0", "-1", "NaN", "Infinity", "-Infinity", "1e308", "-1e308", "5e-324", "-0", "2.5", "-2.5", "50", "100", "1e-200", "9223372036854775808", "2147483647.5"}
	case txt, catalog.Varchar, catalog.Bpchar:
		return textValues(t)
	case dat:
		return []string{"2000-01-01", "infinity", "-infinity", "5874897-12-31", "4713-01-01 BC", "0001-01-01", "9999-12-31", "2020-02-29", "1969-12-31", "2019-12-30"}
	case tim:
		return []string{"00:00:00", "23:59:59.999999", "24:00:00", "12:34:56.5"}
	case ts, tz:
		return []string{"2000-01-01 00:00:00", "infinity", "-infinity", "294246-12-31 23:59:59.999999", "4713-01-01 00:00:00 BC", "0001-01-01 00:00:00",
			"9999-12-31 23:59:59.999999", "2020-01-31 12:34:56.789012", "2020-01-30 23:00:00", "1969-12-31 23:59:59.5"}
	}
	return nil
}

func textValues(t catalog.Type) []string {
	list := []string{"empty", "abc", "a,b,c", "huge", " x ", "a_c1", "ÀÉß", "12", " -7 ", "1.5", "1e5", "99999999999", "2147483648", "NaN", "1e400",
		"true", "off", "2020-02-29", "2021-02-29", "2100-02-29", "0000-01-01", "2020-13-01", "2020-1-5 7:08", "2020-01-01T10:11:12.5",
		"25:00", "a\nc", "00000000-0000-0000-0000-000000000001", "+5", ".5", "5.", "-", "0x1F", "1_000"}
	if t.Length == 0 {
		return list
	}
	short := []string{}
	for _, v := range list {
		if v != "huge" && utf8.RuneCountInString(v) <= t.Length {
			short = append(short, v)
		}
	}
	return short
}

func withoutHuge(values []string) []string {
	kept := []string{}
	for _, v := range values {
		if v != "huge" {
			kept = append(kept, v)
		}
	}
	return kept
}

// inDuck tells whether DuckDB holds a value as PostgreSQL does.
func inDuck(t catalog.Type, v string) bool {
	switch t.Kind {
	case num:
		return v != "NaN" && !strings.HasSuffix(v, "nfinity") && len(v) <= maxDigits+3 && (t.HasScale || len(v) < 30)
	case dat, ts, tz:
		return !strings.HasSuffix(v, " BC") && !strings.HasPrefix(v, "5874897") && !strings.HasPrefix(v, "294246")
	case tim:
		return v != "24:00:00"
	}
	return true
}

// bounds are the profiles of declared bounds, by kind; the first has none.
func profiles(t catalog.Type) [][2]string {
	switch t.Kind {
	case i2, i4, i8, num, f4, f8:
		return [][2]string{{}, {"-100", "100"}, {"0", "50"}, {"1", "99"}}
	case dat:
		return [][2]string{{}, {"1960-05-06", "2020-03-01"}, {"2019-12-31", "2019-12-31"}, {"1900-01-01", "2100-12-31"}}
	case ts, tz:
		return [][2]string{{}, {"1960-05-06 07:08:09", "2020-03-01 00:00:00"}, {"2019-12-31 00:00:00", "2020-12-31 23:59:59"}, {"1900-01-01 00:00:00", "2100-12-31 00:00:00"}}
	}
	return [][2]string{{}, {}, {}, {}}
}

// columnsFor are the entry's columns under a profile.
func columnsFor(types []catalog.Type, profile int) []Expr {
	args := make([]Expr, len(types))
	for i, t := range types {
		c := unbounded(fmt.Sprintf("c%d", i), t)
		if p := profiles(t)[profile]; p[0] != "" {
			c.Dom.Lo, _ = catalog.ToRat(plain(t), p[0])
			c.Dom.Hi, _ = catalog.ToRat(plain(t), p[1])
			c.Clamp = true
		}
		if t.IsText() {
			c.Dom.MaxLen = t.Length
		}
		args[i] = c
	}
	return args
}

// harness holds both engines and the tables of worst values that exist there already.
type harness struct {
	t    *testing.T
	pg   *pgx.Conn
	duck *sql.DB
	rows map[string][][]string // by table: each row's values, "" for NULL
}

func newHarness(t *testing.T) *harness {
	h := &harness{t: t, pg: openPostgres(t), duck: openDuck(t), rows: map[string][][]string{}}
	h.exec(`CREATE FUNCTION own(query text, i int) RETURNS text LANGUAGE plpgsql AS $$
		DECLARE r text; BEGIN EXECUTE query INTO r USING i; RETURN r; EXCEPTION WHEN OTHERS THEN RETURN '!' || SQLSTATE; END $$`)
	return h
}

func (h *harness) exec(sql string) {
	h.t.Helper()
	if _, err := h.pg.Exec(context.Background(), sql); err != nil {
		h.t.Fatalf("%s: %v", sql[:min(len(sql), 200)], err)
	}
}

// table makes the table of all combinations of worst values, once, and returns its name.
func (h *harness) table(types []catalog.Type) string {
	name := "w"
	for _, t := range types {
		name += "_" + strings.NewReplacer("(", "", ")", "", ",", "", " ", "").Replace(t.String())
	}
	if h.rows[name] != nil {
		return name
	}
	rows := [][]string{nil}
	for _, t := range types {
		values := worstValues(t)
		if len(types) > 1 && t.IsText() {
			values = withoutHuge(values[:7])
		}
		if len(types) > 2 {
			values = values[:min(5, len(values))]
		}
		var next [][]string
		for _, row := range rows {
			for _, v := range append([]string{""}, values...) {
				next = append(next, append(append([]string{}, row...), v))
			}
		}
		rows = next
	}
	h.rows[name] = rows
	h.fill(name, types, rows)
	return name
}

func (h *harness) fill(name string, types []catalog.Type, rows [][]string) {
	pgCols, duckCols := []string{"id int"}, []string{"id int"}
	for i, t := range types {
		duck := duckColumn(t)
		pgCols = append(pgCols, fmt.Sprintf("c%d %s", i, postgresType(t)))
		duckCols = append(duckCols, fmt.Sprintf("c%d %s", i, duck))
	}
	h.exec("CREATE TABLE " + name + " (" + strings.Join(pgCols, ", ") + ")")
	if _, err := h.duck.Exec("CREATE TABLE " + name + " (" + strings.Join(duckCols, ", ") + ")"); err != nil {
		h.t.Fatal(err)
	}
	var pg, duck []string
	for id, row := range rows {
		pgRow, duckRow := []string{strconv.Itoa(id)}, []string{strconv.Itoa(id)}
		for i, v := range row {
			pgRow = append(pgRow, sqlValue(v, postgresType(types[i])))
			if v != "" && !inDuck(types[i], v) {
				v = ""
			}
			duckRow = append(duckRow, sqlValue(v, duckColumn(types[i])))
		}
		pg, duck = append(pg, "("+strings.Join(pgRow, ", ")+")"), append(duck, "("+strings.Join(duckRow, ", ")+")")
	}
	h.exec("INSERT INTO " + name + " VALUES " + strings.Join(pg, ", "))
	if _, err := h.duck.Exec("INSERT INTO " + name + " VALUES " + strings.Join(duck, ", ")); err != nil {
		h.t.Fatal(name, err)
	}
}

// duckColumn is the type of a stored column, which may be wider than any that we make.
func duckColumn(t catalog.Type) string {
	if t.HasScale && t.Precision > maxDigits {
		return "HUGEINT"
	}
	return duckType(t)
}

func sqlValue(v, typ string) string {
	switch v {
	case "":
		return "NULL"
	case "empty":
		v = ""
	case "huge":
		return "repeat('x', 1100000)"
	}
	return "CAST('" + v + "' AS " + typ + ")"
}

// inText is an expression cast to text; long texts become their length.
func inText(e Expr, d Dialect) string {
	typ := "text"
	if d == DuckDB {
		typ = "varchar"
	}
	sql := Text(e, d)
	if e.Type().Kind == tz { // whatever the session's zone
		sql = "(" + sql + " AT TIME ZONE 'UTC')"
	}
	switch {
	case e.Type().IsText():
		return "(SELECT CASE WHEN length(v) > 500 THEN 'length ' || CAST(length(v) AS " + typ + ") ELSE CAST(v AS " + typ + ") END FROM (SELECT " + sql + " AS v) one)"
	case d == DuckDB && e.Type().IsDateTime(): // BC as PostgreSQL writes it
		return `regexp_replace(CAST(` + sql + ` AS varchar), '^(.*) \(BC\)(.*)$', '\1\2 BC')`
	}
	return "CAST(" + sql + " AS " + typ + ")"
}

// run evaluates an expression over a table: values as text, nil for NULL.
func (h *harness) run(d Dialect, e Expr, table string) ([]*string, error) {
	query := "SELECT " + inText(e, d) + " FROM " + table + " w ORDER BY id"
	if d == PostgreSQL {
		rows, err := h.pg.Query(context.Background(), query)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowTo[*string])
	}
	rows, err := h.duck.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var values []*string
	for rows.Next() {
		var v *string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, rows.Err()
}

// own evaluates the unguarded expression on PostgreSQL: at once if no row fails, else row by row, with "!SQLSTATE" for
// failures.
func (h *harness) own(e Expr, table string) []*string {
	if values, err := h.run(PostgreSQL, e, table); err == nil {
		return values
	}
	rows, err := h.pg.Query(context.Background(), "SELECT own($1, id) FROM "+table+" ORDER BY id", "SELECT "+inText(e, PostgreSQL)+" FROM "+table+" w WHERE id = $1")
	if err != nil {
		h.t.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[*string])
	if err != nil {
		h.t.Fatal(err)
	}
	return values
}

// Every expression of the table, over the worst values, under several bounds and none: neither engine fails; the value lies
// in the Domain; where PostgreSQL's own expression does not fail, the guarded one gives the same; and both engines agree.
func TestTotal(t *testing.T) {
	h := newHarness(t)
	built := 0
	for _, en := range totalTable() {
		types := make([]catalog.Type, len(en.types))
		for i, name := range en.types {
			types[i] = named(t, name)
		}
		table := h.table(types)
		ever := false
		for profile := range profiles(types[0]) {
			if profile > 0 && !hasProfiles(types) {
				break
			}
			args := columnsFor(types, profile)
			e, err := en.build(&Builder{Mode: Private}, args)
			if err != nil {
				r, ok := refusal.As(err)
				if !ok || r.Code != refusal.NotSupported {
					t.Errorf("%s (profile %d): %v", en.name, profile, err)
				}
				continue
			}
			ever = true
			built++
			h.checkEntry(en, fmt.Sprintf("%s (profile %d)", en.name, profile), e, args, table)
		}
		if !ever {
			t.Errorf("%s: refused under all bounds", en.name)
		}
	}
	t.Logf("%d expressions", built)
}

func hasProfiles(types []catalog.Type) bool {
	for _, t := range types {
		if profiles(t)[1][0] != "" {
			return true
		}
	}
	return false
}

func (h *harness) checkEntry(en entry, name string, e Expr, args []Expr, table string) {
	t := h.t
	guarded, err := h.run(PostgreSQL, e, table)
	if err != nil {
		t.Errorf("%s: PostgreSQL fails: %v\n%s", name, err, Text(e, PostgreSQL))
		return
	}
	duck, err := h.run(DuckDB, e, table)
	if err != nil {
		t.Errorf("%s: DuckDB fails: %v\n%s", name, err, Text(e, DuckDB))
		return
	}
	rows := h.rows[table]
	for i, v := range guarded {
		if what := outside(e, v, PostgreSQL); what != "" {
			t.Errorf("%s over %q: PostgreSQL gives %s, %s\n%s", name, brief(rows[i]), show(v), what, Text(e, PostgreSQL))
			break
		}
	}
	for i, v := range duck {
		if what := outside(e, v, DuckDB); what != "" {
			t.Errorf("%s over %q: DuckDB gives %s, %s\n%s", name, brief(rows[i]), show(v), what, Text(e, DuckDB))
			break
		}
	}
	if en.engines == "" {
		h.compareEngines(en, name, e, guarded, duck, table)
	}
	public, err := en.build(&Builder{Mode: Public}, args)
	if err != nil {
		t.Errorf("%s: refused over public rows: %v", name, err)
		return
	}
	if en.differs == "" || en.differs == nanIsNull {
		for i, own := range h.own(public, table) {
			if own != nil && strings.HasPrefix(*own, "!") || en.differs == nanIsNull && strings.Contains(strings.Join(rows[i], " "), "NaN") {
				continue
			}
			if !alike(e.Type(), own, guarded[i]) {
				t.Errorf("%s over %q: PostgreSQL's own gives %s, guarded %s\n%s", name, brief(rows[i]), show(own), show(guarded[i]), Text(e, PostgreSQL))
				break
			}
		}
	}
}

func (h *harness) compareEngines(en entry, name string, e Expr, pg, duck []*string, table string) {
next:
	for i, row := range h.rows[table] {
		for j, v := range row {
			if v != "" && !inDuck(named(h.t, en.types[j]), v) {
				continue next
			}
		}
		if !alike(e.Type(), pg[i], duck[i]) {
			h.t.Errorf("%s over %q: PostgreSQL gives %s, DuckDB %s\n%s\n%s", name, brief(row), show(pg[i]), show(duck[i]), Text(e, PostgreSQL), Text(e, DuckDB))
			return
		}
	}
}

// brief is a row for messages.
func brief(row []string) []string {
	short := make([]string, len(row))
	for i, v := range row {
		short[i] = v[:min(len(v), 30)]
	}
	return short
}

func show(v *string) string {
	if v == nil {
		return "NULL"
	}
	return strconv.Quote(*v)
}

// alike compares two texts of a type: numbers to 12 digits.
func alike(t catalog.Type, a, b *string) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if *a == *b {
		return true
	}
	if t.Kind == boo {
		return (*a)[:1] == (*b)[:1]
	}
	x, errX := strconv.ParseFloat(*a, 64)
	y, errY := strconv.ParseFloat(strings.Replace(*b, "-nan", "nan", 1), 64)
	if errX != nil || errY != nil {
		return false
	}
	if x != x || y != y || x == y {
		return x != x && y != y || x == y
	}
	difference, size := x-y, max(x, -x, y, -y)
	limit := 1e-12 * size
	if t.Kind == f4 {
		limit = 1e-6 * size
	}
	return difference <= limit && difference >= -limit
}

// outside says what of a value contradicts the Domain or the span; "" if nothing.
func outside(e Expr, v *string, d Dialect) string {
	dom := e.Domain()
	if v == nil {
		if !dom.Nullable {
			return "but is not nullable"
		}
		return ""
	}
	text := *v
	if e.Type().Kind == boo {
		text = text[:1]
	}
	if dom.MaxLen > 0 && utf8.RuneCountInString(text) > dom.MaxLen && e.Type().IsText() {
		return fmt.Sprintf("longer than %d", dom.MaxLen)
	}
	if dom.Values != nil && !listed(e, text) {
		return fmt.Sprintf("not listed in %.200q", dom.Values)
	}
	t := plain(e.Type())
	if !t.HasBounds() {
		return ""
	}
	if t.IsInteger() {
		t = catalog.Of(num) // may be wider inside
	}
	if d == DuckDB && t.Kind == num && strings.ContainsAny(text, "e") {
		t = catalog.Of(f8) // the shortest text of a DOUBLE
	}
	r, err := catalog.ToRat(t, text)
	if err != nil || r == nil {
		return specialOutside(e, text)
	}
	s := spanOf(e)
	switch {
	case dom.Lo != nil && r.Cmp(dom.Lo) < 0, dom.Hi != nil && r.Cmp(dom.Hi) > 0:
		return fmt.Sprintf("outside the domain [%s, %s]", ratText(dom.Lo), ratText(dom.Hi))
	case !s.has(r) && !s.odd():
		return fmt.Sprintf("outside the span [%s, %s]", ratText(s.lo), ratText(s.hi))
	case dom.Step != nil && dom.Bounded() && dom.Step.Sign() > 0 && !new(big.Rat).Quo(r, dom.Step).IsInt():
		return "no multiple of " + dom.Step.RatString()
	}
	return ""
}

func specialOutside(e Expr, text string) string {
	dom, s := e.Domain(), spanOf(e)
	switch strings.ToLower(text) {
	case "nan", "-nan", "infinity", "inf":
		if dom.Bounded() || !s.over {
			return "though it is bounded"
		}
	case "-infinity", "-inf":
		if dom.Bounded() || dom.Lo != nil || !s.under {
			return "though it is bounded below"
		}
	default:
		if dom.Bounded() {
			return "which cannot be read"
		}
	}
	return ""
}

func listed(e Expr, text string) bool {
	for _, v := range e.Domain().Values {
		if v == text || catalog.Compare(plain(e.Type()), v, text) == 0 && e.Type().Kind != txt {
			return true
		}
	}
	return e.Type().Kind == tz // printed without its zone here
}

func ratText(r *big.Rat) string {
	if r == nil {
		return "unbounded"
	}
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}
