package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/privacy"
)

// datasetText is a dataset as far as it can be read before the defaults are known.
type datasetText struct {
	at      value
	dataset Dataset
	budget  budgetText
	policy  policyText

	functionsGiven, maxFunctionsGiven bool
	rates                             value // zero if not written
}

// dataset reads one entry of `datasets:`.
func (l *loader) dataset(v value) {
	d := datasetText{at: v}
	d.dataset.Position = v.position()
	decl := &d.dataset.Declaration
	decl.Position, decl.Path = v.position(), v.path
	decl.MaxFunctions, decl.MaxCombinations = defaultMaxFunctions, defaultMaxCombinations
	decl.AllowedFunctions = []string{"count"}
	decl.Query = defaultQuery()
	hasSource := false
	cells := newCellKeyText(v)
	known := fields{
		"name": func(v value) {
			if s, ok := v.name(); ok {
				d.dataset.Name, decl.Name = s, s
			}
		},
		"title":              setText(&decl.Title),
		"description":        setText(&decl.Description),
		"source":             func(v value) { hasSource = true; v.source(&d.dataset.Source) },
		"privacy_unit":       func(v value) { v.privacyUnit(decl) },
		"version":            func(v value) { v.version(&d.dataset) },
		"query":              func(v value) { v.query(&decl.Query) },
		"allowed_functions":  func(v value) { d.functionsGiven = true; v.functions(&decl.AllowedFunctions, catalog.Functions()) },
		"max_functions":      func(v value) { d.maxFunctionsGiven = true; setInt(&decl.MaxFunctions, 1)(v) },
		"max_combinations":   setInt(&decl.MaxCombinations, 1),
		"max_db_connections": setInt(&d.dataset.MaxDBConnections, 1),
		"reuse":              func(v value) { v.reuse(&d.dataset.Reuse) },
		"preview":            func(v value) { v.preview(&d.dataset.Preview) },
		"budget":             d.budget.read,
		"authorized":         func(v value) { v.authorized(&d.dataset) },
		"tables":             func(v value) { v.tables(decl) },
		"pipeline":           cells.pipeline,
		"tbe":                func(v value) { cells.written(v); v.object(cells.fields()) },
	}
	maps.Copy(known, d.policy.fields())
	maps.Copy(known, d.accessFields())
	cells.beside(known)
	v.object(known)
	decl.CellKey = cells.declaration()
	if d.dataset.Name == "" {
		v.fault("has no valid name")
	}
	if !hasSource {
		v.fault("has no source").Hint = "write source: postgres://…, duckdb:path, or {files: {table: path}}"
	}
	decl.Engine = catalog.DuckDB
	if d.dataset.Source.Kind == SourcePostgres {
		decl.Engine = catalog.Postgres
	}
	l.datasets = append(l.datasets, d)
}

func defaultQuery() catalog.QueryDefaults {
	return catalog.QueryDefaults{
		Epsilon: defaultEpsilon,
		Bounds:  privacy.Contribution{Groups: defaultBound, Rows: defaultBound},
	}
}

// source reads `source:`. Messages never repeat a URL: it may hold a password.
func (v value) source(to *Source) {
	to.Position = v.position()
	if v.node.Kind != 0 && !v.isNull() && v.form() == "a mapping" {
		v.object(fields{"files": func(v value) { v.files(to) }})
		if to.Kind == "" && len(v.node.Content) == 0 {
			v.fault("is empty").Hint = "write {files: {table: path}}"
		}
		return
	}
	s, ok := v.urlText()
	if !ok {
		return
	}
	path, isDuckDB := strings.CutPrefix(s, "duckdb:")
	switch {
	case isDuckDB && strings.TrimPrefix(path, "//") == "":
		v.fault("names no file").Hint = "write duckdb:path/to/file.duckdb"
	case isDuckDB:
		to.Kind, to.Path = SourceDuckDB, resolve(v.file, strings.TrimPrefix(path, "//"))
	case isPostgresURL(s), isDSN(s):
		to.Kind, to.URL = SourcePostgres, s
	default:
		v.fault("is no source that dpproxy knows").Hint = "write postgres://user:password@host/database, duckdb:path, or {files: {table: path}}"
	}
}

// isDSN tells that a text is in libpq's form of keywords and values.
func isDSN(s string) bool {
	for _, word := range strings.Fields(s) {
		key, _, ok := strings.Cut(word, "=")
		if ok && slices.Contains([]string{"host", "hostaddr", "dbname", "service", "port", "user"}, key) {
			return true
		}
	}
	return false
}

func (v value) files(to *Source) {
	to.Kind = SourceFiles
	v.pairs(func(key, val value) {
		name := key.node.Value
		if !key.checkName(name) {
			return
		}
		val.sourceFile(to, name)
	})
	if v.isNull() || len(v.node.Content) == 0 {
		v.fault("names no file").Hint = "write {files: {table: path}}"
	}
}

func (v value) privacyUnit(decl *catalog.Declaration) {
	decl.UnitPosition = v.position() // also of one that cannot be read: it is not missing
	s, ok := v.text()
	if !ok {
		return
	}
	table, column, dotted := strings.Cut(s, ".")
	switch {
	case s == "row":
		decl.RowUnit = true
	case !dotted || table == "" || column == "":
		v.fault("%q names no column", s).Hint = "write table.column, or row"
	default:
		decl.UnitTable, decl.UnitColumn = strings.TrimSpace(table), strings.TrimSpace(column)
	}
}

func (v value) version(d *Dataset) {
	if v.form() == "a mapping" {
		v.object(fields{"from": setText(&d.VersionFrom)})
		if d.VersionFrom == "" {
			v.fault("must be a text, or {from: \"SELECT …\"}")
		}
		return
	}
	setText(&d.Declaration.Version)(v)
}

// query reads `query:`: ε and δ of a query are losses and round up; the most that is allowed rounds down.
func (v value) query(q *catalog.QueryDefaults) {
	var epsilonGiven, groups, unitRows bool
	note := func(to *bool, read func(value)) func(value) {
		return func(v value) { *to = true; read(v) }
	}
	v.object(fields{
		"epsilon":       note(&epsilonGiven, setEpsilon(&q.Epsilon, privacy.ParseEpsilonUp)),
		"max_epsilon":   setEpsilon(&q.MaxEpsilon, privacy.ParseEpsilonDown),
		"delta":         setDelta(&q.Delta, privacy.ParseDeltaUp),
		"max_groups":    note(&groups, setWhole(&q.Bounds.Groups, 1)),
		"max_rows":      note(&groups, setWhole(&q.Bounds.Rows, 1)),
		"max_unit_rows": note(&unitRows, setWhole(&q.Bounds.UnitRows, 1)),
		"min_units":     setWhole(&q.MinUnits, 0),
	})
	if groups && unitRows {
		v.fault("max_unit_rows stands in place of max_groups and max_rows").Hint = "write one kind of bound"
	}
	switch {
	case q.MaxEpsilon == 0: // follows epsilon, see finishDatasets
	case !epsilonGiven:
		q.Epsilon = min(q.Epsilon, q.MaxEpsilon)
	case q.MaxEpsilon < q.Epsilon:
		v.fault("max_epsilon %s is below epsilon %s", q.MaxEpsilon, q.Epsilon)
	}
}

// functions reads a list of aggregate functions; `all` stands for each of known.
func (v value) functions(to *[]string, known []string) {
	list := []string{}
	v.oneOrMany(func(item value) {
		s, ok := item.text()
		name := strings.ToLower(s)
		switch {
		case !ok:
		case name == "all":
			list = append(list, known...)
		case !slices.Contains(catalog.Functions(), name):
			f := item.fault("%q is no aggregate function that dpproxy knows", s)
			if near := catalog.Nearest(name, catalog.Functions()); near != "" {
				f.Hint = "did you mean " + near + "?"
			} else {
				f.Hint = "known are all, " + strings.Join(catalog.Functions(), ", ")
			}
		default:
			list = append(list, name)
		}
	})
	if v.isNull() || v.form() == "a list" && len(v.node.Content) == 0 {
		v.fault("is an empty list, so that nothing can be asked").Hint = "leave it out for the default, or write may_query: false for a user"
	}
	slices.Sort(list)
	*to = slices.Compact(list)
}

// reuse reads off, forever, or how old an answer may be that is given again.
func (v value) reuse(to *Reuse) {
	s, ok := v.text()
	if !ok {
		return
	}
	age, isDuration := parseDuration(s)
	switch {
	case s == "off":
		*to = Reuse{Off: true}
	case s == "forever":
		*to = Reuse{}
	case isDuration && age > 0:
		*to = Reuse{MaxAge: age}
	default:
		v.fault("must be off, forever or a duration, not %q", s).Hint = "write reuse: 24h for answers of the last day"
	}
}

// preview reads off or synthetic.
func (v value) preview(to *Preview) {
	s, ok := v.text()
	switch {
	case !ok:
	case s == "off":
		*to = PreviewRefused
	case s == string(PreviewSynthetic):
		*to = PreviewSynthetic
	default:
		v.fault("must be off or synthetic, not %q", s).Hint = "write preview: synthetic to answer SELECT * with rows that are generated from this declaration"
	}
}

// finishDatasets fills defaults in and checks what needs all files.
func (l *loader) finishDatasets() {
	seen := map[string]catalog.Position{}
	for i := range l.datasets {
		d := &l.datasets[i]
		ds := d.dataset
		l.finishPolicy(d, &ds)
		if first, dup := seen[ds.Name]; dup {
			d.at.fault("a dataset named %q is declared already in %s, line %d", ds.Name, first.File, first.Line)
		} else if ds.Name != "" {
			seen[ds.Name] = ds.Position
		}
		if q := &ds.Declaration.Query; q.MaxEpsilon == 0 {
			q.MaxEpsilon = q.Epsilon // not even more than the default, unless the owner says so
		}
		accountant := privacy.ZCDP
		pick(&accountant, d.budget.accountant, l.defaults.accountant)
		if ds.Declaration.CellKey != nil {
			accountant, ds.Declaration.Query.Delta = privacy.Pure, 0 // an account that nothing is charged to
			if d.budget.at.node != nil {
				d.budget.at.fault("is not used: pipeline tbe charges no ε").Warning = true
				d.budget = budgetText{}
			}
		}
		ds.Budget = d.budget.fill(l.defaults, accountant)
		if ds.private() {
			d.budget.checkBudget(l.defaults, ds.Budget, d.at)
		}
		ds.Declaration.Accountant = accountant
		d.checkPublic(&ds)
		if accountant == privacy.Pure && ds.Declaration.Query.Delta > 0 {
			d.at.fault("query.delta is above 0, but a pure account has no delta").Hint = "remove query.delta, or write accountant: approx"
		}
		if ds.MaxDBConnections == 0 {
			ds.MaxDBConnections = l.config.Limits.MaxDBConnections
		}
		d.at.checkAffordable(ds.Budget, ds.Declaration.Query)
		l.faults = append(l.faults, ds.Declaration.Check()...)
		l.config.Datasets = append(l.config.Datasets, ds)
	}
}

// private tells that a dataset has tables whose use costs something; pipeline tbe charges nothing.
func (d *Dataset) private() bool {
	return d.Declaration.CellKey == nil && slices.ContainsFunc(d.Declaration.Tables, func(t catalog.TableDeclaration) bool { return !t.Public })
}

// checkAffordable warns where not even one query at the default ε can be paid.
func (v value) checkAffordable(b budget.Budget, q catalog.QueryDefaults) {
	if b.Epsilon == 0 {
		return // reported already
	}
	text := "not even one query at the default epsilon %s fits into the budget"
	hint := "raise the budget, or lower query.epsilon"
	tooMuch := q.Epsilon > b.Epsilon || q.Delta > b.Delta && b.Accountant != privacy.Pure
	if b.Accountant == privacy.ZCDP && !tooMuch {
		limit, price, ok := zcdpAmounts(b, q.Epsilon)
		if tooMuch = ok && price > limit; tooMuch {
			hint = "as ρ, the query costs " + price.String() + " of " + limit.String() + "; " + hint
		}
	}
	if tooMuch {
		f := v.fault(text, q.Epsilon)
		f.Hint, f.Warning = hint, true
	}
}
