package rewrite

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// Fingerprint names what a plan computes and what it costs: measurements, shares, public keys, what is done after the noise, the query
// class, the outer query and the types of its columns. Spelling, aliases and the names of the answer's columns do not matter; everything that changes a number does.
// Of keys that are read from public tables it names the query that reads them, not the values.
func (p *Plan) Fingerprint() string {
	if p.frame != "" {
		return p.frame
	}
	type output struct { // one release can be shown in several ways
		Key       int
		Estimator mechanism.Estimator
		Quantile  *QuantileOutput `json:",omitempty"`
		Bound     string          `json:",omitempty"`
	}
	type block struct {
		Name, Identity string
		Outputs        []output
		After          string `json:",omitempty"` // done to the numbers after the noise: changes what is shown, not the release
	}
	var doc struct {
		Blocks     []block
		Projection []int
		Constants  any
		SQL        string
		Types      []string
		System     []string
		Class      string `json:",omitempty"`
	}
	for _, b := range p.Blocks {
		shown := block{Name: b.Name, Identity: b.Identity, After: b.After.String()}
		for _, o := range b.Outputs {
			shown.Outputs = append(shown.Outputs, output{o.Key, o.Estimator, o.Quantile, o.Bound})
		}
		doc.Blocks = append(doc.Blocks, shown)
	}
	doc.Projection, doc.Constants, doc.SQL, doc.System = p.Post.Projection, p.Post.Constants, p.Post.SQL, p.System
	doc.Class = p.Class
	for _, c := range p.Columns {
		doc.Types = append(doc.Types, c.Type.String())
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return "" // no field can fail; an empty fingerprint matches nothing
	}
	sum := sha256.Sum256(append([]byte("dpproxy plan 2\n"), text...))
	return hex.EncodeToString(sum[:])
}

// Use is a declared column that a statement reads, and where it is named first: a byte offset into its text, or -1.
type Use struct {
	Table, Column string
	Position      int
}

// uses lists what the statement has used.
func (p *policy) uses() []Use {
	var out []Use
	for _, f := range p.order {
		out = append(out, Use{Table: f.table.Name, Column: f.column.Name, Position: int(p.used[f])})
	}
	return out
}

// describe tells what a measurement's rows are grouped by and restricted to.
func (d *draft) describe(p *Plan) {
	keys := d.keys
	if d.asked != nil {
		keys = d.asked
	}
	for _, k := range keys {
		p.Groups = append(p.Groups, expr.Source(k.e))
	}
	for _, cond := range d.where {
		p.Filters = append(p.Filters, expr.Source(cond))
	}
}
