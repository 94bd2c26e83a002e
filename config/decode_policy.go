package config

import (
	"math/big"
	"slices"

	"github.com/dpproxy/dpproxy/catalog"
)

// policyText is what a dataset or a user says about its policy, before the classes of the whole configuration are known.
type policyText struct {
	classes classesText
	rules   []ruleText
	joins   *int
	after   catalog.AfterNoise
}

// classesText is a `query_classes:` as written: a list of names, or a mapping of names to definitions.
type classesText struct {
	at   value // zero if not written
	list []classText
}

type classText struct {
	at      value
	class   catalog.QueryClass
	rules   []ruleText
	isEmpty bool // only named
}

// ruleText is one field exclusion rule with its place.
type ruleText struct {
	rule  catalog.Exclusion
	names []catalog.PolicyName
}

// fields are the keys of a policy that datasets and users share.
func (p *policyText) fields() fields {
	return fields{
		"query_classes":         func(v value) { p.classes.read(v) },
		"field_exclusion_rules": func(v value) { p.rules = v.exclusions() },
		"max_joins":             setLimit(&p.joins, 0),
		"after_noise":           func(v value) { v.afterNoise(&p.after) },
	}
}

func (c *classesText) read(v value) {
	c.at = v
	if v.isNull() || (v.form() == "a list" || v.form() == "a mapping") && len(v.node.Content) == 0 {
		// It would take the configuration's classes away, and with them their limits.
		v.fault("names no query class").Hint = "name the classes that are answered, or leave query_classes out"
		return
	}
	if v.form() == "a mapping" {
		v.pairs(func(key, val value) {
			if key.checkName(key.node.Value) {
				c.list = append(c.list, val.queryClass(key))
			}
		})
		return
	}
	v.oneOrMany(func(item value) {
		if s, ok := item.name(); ok {
			c.list = append(c.list, classText{at: item, class: catalog.QueryClass{Name: s}, isEmpty: true})
		}
	})
}

// setLimit reads a limit of which 0 may be one.
func setLimit(to **int, lowest int64) func(value) {
	return func(v value) {
		n := 0
		if setInt(&n, lowest)(v); n >= int(lowest) {
			*to = &n
		}
	}
}

// queryClass reads one definition.
func (v value) queryClass(key value) classText {
	c := classText{at: key, class: catalog.QueryClass{Name: key.node.Value}, isEmpty: v.isNull()}
	private := true
	v.object(fields{
		"description":           setText(&c.class.Description),
		"allowed_functions":     func(v value) { v.functions(&c.class.AllowedFunctions, catalog.Functions()) },
		"max_functions":         setInt(&c.class.MaxFunctions, 1),
		"max_custom_groups":     setLimit(&c.class.MaxGroups, 1),
		"max_joins":             setLimit(&c.class.MaxJoins, 0),
		"private_groups":        setBool(&private),
		"weighted":              setBool(&c.class.Weighted),
		"field_exclusion_rules": func(v value) { c.rules = v.exclusions() },
		"after_noise":           func(v value) { v.afterNoise(&c.class.AfterNoise) },
	})
	c.class.NoPrivateGroups = !private
	for _, r := range c.rules {
		c.class.Exclusions = append(c.class.Exclusions, r.rule)
	}
	return c
}

// exclusions reads a list of {columns: […], max: k}; max is 1 where it is not written.
func (v value) exclusions() []ruleText {
	var out []ruleText
	v.each(func(item value) {
		r := ruleText{rule: catalog.Exclusion{Max: 1}}
		item.object(fields{
			"columns": func(v value) { r.columns(v) },
			"fields":  func(v value) { r.columns(v) }, // Protari's word
			"max":     setInt(&r.rule.Max, 0),
		})
		switch n := len(r.rule.Columns); {
		case n == 0:
			item.fault("names no column").Hint = "write {columns: [age, postcode], max: 1}"
		case r.rule.Max >= n:
			item.fault("allows %d of %d columns, which excludes nothing", r.rule.Max, n).Hint = "write a max below the number of columns"
		default:
			out = append(out, r)
		}
	})
	return out
}

func (r *ruleText) columns(v value) {
	v.oneOrMany(func(item value) {
		s, ok := item.text()
		switch {
		case !ok:
		case slices.Contains(r.rule.Columns, s):
			item.fault("names %q twice", s)
		default:
			r.rule.Columns = append(r.rule.Columns, s)
			r.names = append(r.names, catalog.PolicyName{Position: item.position(), Path: item.path, Name: s})
		}
	})
}

// afterNoise reads what is done to released numbers.
func (v value) afterNoise(to *catalog.AfterNoise) {
	v.object(fields{
		"round":       func(v value) { v.rounding(to) },
		"small_cells": setWhole(&to.SmallCells, 1),
		"min_units":   setWhole(&to.MinUnits, 1),
		"sparsity":    func(v value) { v.sparsity(to) },
	})
}

// rounding reads one base for counts and sums, or a base for each function.
func (v value) rounding(to *catalog.AfterNoise) {
	to.Round = map[string]*big.Rat{}
	if v.form() != "a mapping" {
		if r, ok := v.positive(); ok {
			to.Round["count"], to.Round["sum"] = r, r
		}
		return
	}
	v.pairs(func(key, val value) {
		name := key.node.Value
		if !slices.Contains(catalog.Functions(), name) {
			f := key.fault("%q is no aggregate function that dpproxy knows", name)
			if near := catalog.Nearest(name, catalog.Functions()); near != "" {
				f.Hint = "did you mean " + near + "?"
			}
			return
		}
		if r, ok := val.positive(); ok {
			to.Round[name] = r
		}
	})
}

func (v value) sparsity(to *catalog.AfterNoise) {
	s := catalog.DefaultSparsity()
	if v.form() != "a mapping" {
		on := true
		setBool(&on)(v)
		if on {
			to.Sparsity = s
		}
		return
	}
	v.object(fields{
		"ones": func(v value) { v.share(&s.Ones) }, "ones_and_twos": func(v value) { v.share(&s.OnesAndTwos) },
	})
	to.Sparsity = s
}

// positive reads an exact decimal above 0.
func (v value) positive() (*big.Rat, bool) {
	s, ok := v.numberText()
	if !ok {
		return nil, false
	}
	r, err := catalog.ToRat(catalog.Of(catalog.Numeric), s)
	if err != nil || r == nil || r.Sign() <= 0 {
		v.fault("must be a number above 0, not %q", s)
		return nil, false
	}
	return r, true
}

// share reads a decimal from 0 to 1.
func (v value) share(to **big.Rat) {
	s, ok := v.numberText()
	if !ok {
		return
	}
	r, err := catalog.ToRat(catalog.Of(catalog.Numeric), s)
	if err != nil || r == nil || r.Sign() < 0 || r.Cmp(big.NewRat(1, 1)) > 0 {
		v.fault("must be a number from 0 to 1, not %q", s)
		return
	}
	*to = r
}

// finishPolicy makes a dataset's policy of the configuration's and its own. What a dataset says of a class of the
// configuration narrows it; a class that the configuration does not have is the dataset's own.
func (l *loader) finishPolicy(d *datasetText, ds *Dataset) {
	decl := &ds.Declaration
	p := &decl.Policy
	*p = catalog.Policy{MaxJoins: d.policy.joins, AfterNoise: d.policy.after}
	for _, r := range l.rules {
		p.Exclusions = append(p.Exclusions, r.rule)
	}
	note := func(rules []ruleText) {
		for _, r := range rules {
			decl.PolicyPositions = append(decl.PolicyPositions, r.names...)
		}
	}
	for _, r := range d.policy.rules {
		p.Exclusions = append(p.Exclusions, r.rule)
	}
	note(d.policy.rules)
	if d.policy.classes.at.node == nil {
		for _, c := range l.classes.list {
			p.Classes = append(p.Classes, c.class)
		}
	}
	for _, c := range d.policy.classes.list {
		i := slices.IndexFunc(l.classes.list, func(o classText) bool { return o.class.Name == c.class.Name })
		switch {
		case i >= 0:
			p.Classes = append(p.Classes, l.classes.list[i].class.Narrow(c.class))
		case c.isEmpty:
			c.at.classUnknown(c.class.Name, l.classes.list)
		default:
			p.Classes = append(p.Classes, c.class)
		}
		note(c.rules)
	}
	for i := range p.Classes {
		if p.Classes[i].MaxGroups == nil {
			most := catalog.DefaultMaxGroups
			p.Classes[i].MaxGroups = &most
		}
	}
	d.classLimits(decl)
	if decl.CellKey == nil {
		return
	}
	idle := !p.AfterNoise.IsZero()
	for _, c := range p.Classes {
		idle = idle || c.Weighted || !c.AfterNoise.IsZero()
	}
	if idle {
		d.at.fault("pipeline tbe has its own rules for small cells and weights: after_noise and weighted would do nothing").Hint = "remove them"
	}
}

// classLimits lets the classes decide about functions where the dataset says nothing.
func (d *datasetText) classLimits(decl *catalog.Declaration) {
	if len(decl.Policy.Classes) == 0 {
		return
	}
	most := decl.MaxFunctions
	functions := slices.Clone(decl.AllowedFunctions)
	for _, c := range decl.Policy.Classes {
		most = max(most, c.MaxFunctions)
		functions = append(functions, c.AllowedFunctions...)
	}
	if !d.maxFunctionsGiven {
		decl.MaxFunctions = most
	}
	if !d.functionsGiven {
		slices.Sort(functions)
		decl.AllowedFunctions = slices.Compact(functions)
	}
}

func (v value) classUnknown(name string, known []classText) {
	var names []string
	for _, c := range known {
		names = append(names, c.class.Name)
	}
	f := v.fault("query class %q is not defined", name)
	if near := catalog.Nearest(name, names); near != "" {
		f.Hint = "did you mean " + near + "?"
	} else {
		f.Hint = "define it under query_classes, here or at the top of the file"
	}
}

// narrowing reads what a user's grant takes away.
type narrowingText struct {
	policy policyText
	n      catalog.Narrowing
	hidden []catalog.PolicyName
}

func (t *narrowingText) fields() fields {
	known := t.policy.fields()
	known["max_functions"] = setInt(&t.n.MaxFunctions, 1)
	known["max_custom_groups"] = setLimit(&t.n.MaxGroups, 1)
	known["hidden_columns"] = func(v value) {
		v.oneOrMany(func(item value) {
			if s, ok := item.text(); ok {
				t.n.Hidden = append(t.n.Hidden, s)
				t.hidden = append(t.hidden, catalog.PolicyName{Position: item.position(), Path: item.path, Name: s})
			}
		})
	}
	return known
}

// finish checks the narrowing against the dataset's policy.
func (t *narrowingText) finish(ds *Dataset) catalog.Narrowing {
	n := t.n
	n.MaxJoins, n.AfterNoise = t.policy.joins, t.policy.after
	for _, r := range t.policy.rules {
		n.Exclusions = append(n.Exclusions, r.rule)
		ds.Declaration.PolicyPositions = append(ds.Declaration.PolicyPositions, r.names...)
	}
	ds.Declaration.PolicyPositions = append(ds.Declaration.PolicyPositions, t.hidden...)
	if t.policy.classes.at.node == nil {
		return n
	}
	n.Classes = []catalog.QueryClass{}
	for _, c := range t.policy.classes.list {
		known := slices.ContainsFunc(ds.Declaration.Policy.Classes, func(o catalog.QueryClass) bool { return o.Name == c.class.Name })
		if !known {
			var have []classText
			for _, o := range ds.Declaration.Policy.Classes {
				have = append(have, classText{class: o})
			}
			c.at.classUnknown(c.class.Name, have)
			continue
		}
		n.Classes = append(n.Classes, c.class)
	}
	return n
}
