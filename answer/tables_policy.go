package answer

import (
	"context"
	"math/big"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// datasetRecords are the data sets that the analyst may connect to. Others do not exist for him.
func (s *Service) datasetRecords(q *query) ([]record, error) {
	all, _, err := s.Visible(q.request.Identity)
	if err != nil {
		return nil, err
	}
	var out []record
	for _, d := range all {
		unit := ""
		switch {
		case d.RowUnit:
			unit = "row"
		case d.UnitTable != "":
			unit = d.UnitTable + "." + d.UnitColumn
		}
		out = append(out, record{
			"name": text(d.Name), "title": textOrNull(d.Title), "description": textOrNull(d.Description), "version": textOrNull(d.Version),
			"accountant": text(string(d.Accountant)), "privacy_unit": textOrNull(unit), "current": boolCell(d.Name == q.request.Identity.Dataset),
		})
	}
	return out, nil
}

// classRecords are the query classes that the analyst has, in the order in which they are tried.
func classRecords(q *query) []record {
	var out []record
	d := q.dataset.Catalog
	for _, k := range d.Policy.Classes {
		functions := q.choices.AllowedFunctions
		if k.AllowedFunctions != nil {
			functions = narrow(k.AllowedFunctions, q.choices.AllowedFunctions)
		}
		most := q.choices.MaxFunctions
		if k.MaxFunctions > 0 && (most <= 0 || k.MaxFunctions < most) {
			most = k.MaxFunctions
		}
		joins := k.MaxJoins
		if m := d.Policy.MaxJoins; joins == nil || m != nil && *m < *joins {
			joins = m
		}
		out = append(out, record{
			"name": text(k.Name), "description": textOrNull(k.Description), "functions": text(strings.Join(functions, ", ")),
			"max_functions": whole(int64(most)), "max_custom_groups": limitCell(k.MaxGroups), "max_joins": limitCell(joins),
			"private_groups": boolCell(!k.NoPrivateGroups), "weighted": boolCell(k.Weighted),
			"after_noise": textOrNull(d.Policy.AfterNoise.Both(k.AfterNoise).String()),
		})
	}
	return out
}

func limitCell(n *int) Cell {
	if n == nil {
		return null()
	}
	return whole(int64(*n))
}

// ruleRecords are the lists of columns that may not be used together.
func ruleRecords(q *query) []record {
	var out []record
	add := func(class string, rules []catalog.Exclusion) {
		for _, e := range rules {
			out = append(out, record{"query_class": textOrNull(class), "columns": text(strings.Join(e.Columns, ", ")), "max": whole(int64(e.Max))})
		}
	}
	p := q.dataset.Catalog.Policy
	add("", p.Exclusions)
	for _, k := range p.Classes {
		add(k.Name, k.Exclusions)
	}
	return out
}

// serviceRecords tell the state of the service as far as it is an analyst's business.
func (s *Service) serviceRecords(ctx context.Context, q *query) []record {
	var out []record
	add := func(name, value, description string) {
		out = append(out, record{"name": text(name), "value": text(value), "description": text(description)})
	}
	ledger := "ready"
	if err := s.Ledger.Ping(ctx); err != nil {
		ledger = "unavailable"
	}
	v, done := s.use()
	defer done()
	datasets := 0
	if u := v.users[q.request.Identity.User]; u != nil {
		datasets = len(u.Datasets)
	}
	if version, ok := sessionValue(q.request)("server_version"); ok {
		add("server_version", version, "the version of PostgreSQL whose protocol and SQL are spoken")
	}
	add("time", moment(s.Clock()), "now")
	add("ledger", ledger, "accounts, history and archive; without it nothing is answered")
	add("datasets", strconv.Itoa(datasets), "data sets that you may connect to")
	add("dataset", q.dataset.Catalog.Name, "the one that you are connected to")
	add("version", q.dataset.Catalog.Version, "its version; an answer is read back for free within one version")
	add("engine", string(q.dataset.Catalog.Engine), "what holds its rows")
	add("accountant", string(q.grant.Budget.Accountant), "how losses add up")
	return out
}

// policyCells are what a column may be used for.
func policyCells(r record, c *catalog.Column) {
	r["use"], r["breaks"], r["sentinels"] = text(c.Uses.Allowed()), null(), null()
	if c.Breaks != nil {
		r["breaks"] = text(list(ratTexts(c.Type, c.Breaks)))
	}
	if c.Sentinels != nil {
		r["sentinels"] = text(list(c.Sentinels))
	}
}

func ratTexts(t catalog.Type, rats []*big.Rat) []string {
	out := make([]string, len(rats))
	for i, r := range rats {
		out[i] = catalog.FormatRat(t, r)
	}
	return out
}
