package config

import (
	"slices"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/ratelimit"
)

// rateRules reads rate limits: a list, or a mapping of `default`, `semicolon` and the names of query classes.
func (v value) rateRules(to *ratelimit.Rules) {
	if v.form() != "a mapping" {
		v.rateLimitList(&to.Default)
		return
	}
	to.Classes = map[string]ratelimit.ClassRules{}
	v.pairs(func(key, val value) {
		switch name := key.node.Value; name {
		case "default":
			val.rateLimitList(&to.Default)
		case "semicolon":
			val.rateLimitList(&to.Semicolon)
		default:
			if key.checkName(name) {
				v.l.named = append(v.l.named, key)
				to.Classes[name] = val.classRates()
			}
		}
	})
}

// classRates reads the limits of one class: a list, or a mapping of `default` and `semicolon`.
func (v value) classRates() (r ratelimit.ClassRules) {
	if v.form() != "a mapping" {
		v.rateLimitList(&r.Default)
		return r
	}
	v.object(fields{
		"default":   func(v value) { v.rateLimitList(&r.Default) },
		"semicolon": func(v value) { v.rateLimitList(&r.Semicolon) },
	})
	return r
}

// grantRates reads a user's limits: those of all queries apart from the others.
func (v value) grantRates(to *Grant) {
	v.rateRules(&to.Rates)
	to.RateLimits, to.Rates.Default = to.Rates.Default, nil
}

// maxQueries reads a number, or a mapping of `default` and the names of query classes.
func (v value) maxQueries(all *int64, classes *map[string]int64) {
	if v.form() != "a mapping" {
		setWhole(all, 1)(v)
		return
	}
	*classes = map[string]int64{}
	v.pairs(func(key, val value) {
		name := key.node.Value
		if name == "default" {
			setWhole(all, 1)(val)
			return
		}
		n := int64(0)
		setWhole(&n, 1)(val)
		if key.checkName(name) && n > 0 {
			v.l.named = append(v.l.named, key)
			(*classes)[name] = n
		}
	})
}

// finishClassNames finds limits of classes that no query is of: they would limit nothing.
func (l *loader) finishClassNames() {
	known := []string{"aggregation", "public"} // those of datasets that declare none
	for _, d := range l.config.Datasets {
		for _, c := range d.Declaration.Policy.Classes {
			known = append(known, c.Name)
		}
	}
	for _, key := range l.named {
		name := key.node.Value
		if slices.Contains(known, name) {
			continue
		}
		f := key.fault("there is no query class %q", name)
		if near := catalog.Nearest(name, known); near != "" {
			f.Hint = "did you mean " + near + "?"
		} else {
			f.Hint = "classes are those of query_classes; without any, aggregation, and public for what reads public tables alone"
		}
	}
}

// finishRates finds limits that moving windows cannot keep, or that limit nothing.
func (l *loader) finishRates() {
	l.finishClassNames()
	if l.config.RateLimits.Strategy != ratelimit.MovingWindow {
		return
	}
	check := func(of ratelimit.Rules) {
		of.All(func(_ string, limit ratelimit.Limit) {
			if limit.N > ratelimit.MostMoving {
				l.add(l.given["rate_limits"].Fault("rate_limits.strategy", "a moving window remembers each request, and %s are too many", limit.Text).
					WithHint("write at most %d, or strategy: fixed-window", ratelimit.MostMoving))
			}
		})
	}
	check(l.config.Rates)
	for _, d := range l.config.Datasets {
		check(d.Rates)
	}
	grants := slices.Clone(l.config.Tokens)
	for _, u := range l.config.Users {
		grants = append(grants, u.Grants...)
	}
	for _, g := range grants {
		check(g.Rates)
		check(ratelimit.Rules{ClassRules: ratelimit.ClassRules{Default: g.RateLimits}})
	}
}

// setOneAtATime reads true or false: true is a limit of one query in flight.
func setOneAtATime(to *int) func(value) {
	return func(v value) {
		one := false
		if setBool(&one)(v); one {
			*to = 1
		}
	}
}

// accessFields are the keys of a dataset about who may ask how often.
func (d *datasetText) accessFields() fields {
	return fields{
		"public":              setBool(&d.dataset.Public),
		"rate_limits":         func(v value) { d.rates = v; v.rateRules(&d.dataset.Rates) },
		"max_queries":         setWhole(&d.dataset.MaxQueries, 1),
		"max_queries_message": setText(&d.dataset.MaxQueriesMessage),
		"terms":               setText(&d.dataset.Terms),
	}
}

// checkPublic finds what a public dataset cannot have.
func (d *datasetText) checkPublic(ds *Dataset) {
	if !ds.Public {
		if d.rates.node != nil {
			d.rates.fault("limits of a dataset are those of anonymous users, and it is not public").Hint =
				"write public: true, or limits of its users under users"
		}
		return
	}
	for _, t := range ds.Declaration.Tables {
		if !t.Public {
			d.at.l.add(t.Position.Fault(t.Path, "dataset %q is public, and table %s is private", ds.Name, t.Name).
				WithHint("write public: true for the table if no row is about anybody, or take public away from the dataset"))
		}
	}
}

// serviceFields are the keys about the service as a whole.
func (l *loader) serviceFields() fields {
	c := l.config
	o := &c.Operator
	return fields{
		"organization": func(v value) {
			if v.form() != "a mapping" {
				setText(&o.Name)(v)
				return
			}
			v.object(fields{"name": setText(&o.Name), "title": setText(&o.Title), "url": setText(&o.URL), "contact": setText(&o.Contact)})
		},
		"description":         setText(&o.Description),
		"terms":               setText(&o.Terms),
		"connect_notice":      func(v value) { on := true; setBool(&on)(v); o.Silent = !on },
		"max_parallel":        setInt(&c.MaxParallel, 1),
		"one_query_at_a_time": setOneAtATime(&c.MaxParallel),
		"max_queries_message": setText(&c.MaxQueriesMessage),
		"validate_on_startup": setBool(&c.ValidateOnStartup),
	}
}

// log reads `log:`.
func (l *loader) log(v value) {
	c := &l.config.Log
	v.object(fields{
		"level":   setChoice(&c.Level, "debug", "info", "warn", "error"),
		"format":  setChoice(&c.Format, "text", "json"),
		"queries": setBool(&c.Queries),
		"attributes": func(v value) {
			v.choices(&c.Attributes, []string{"user", "dataset", "client", "application", "method", "pid"})
			slices.Sort(c.Attributes)
			c.Attributes = slices.Compact(c.Attributes)
		},
	})
}
