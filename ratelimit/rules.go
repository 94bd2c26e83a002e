package ratelimit

import (
	"maps"
	"slices"
)

// Rules are rate limits that depend on what is asked: by the class of the query, and stricter ones for messages of several
// statements. The zero value limits nothing.
type Rules struct {
	ClassRules
	Classes map[string]ClassRules // in addition, for queries of that class
}

// ClassRules are the limits of one class, or of all queries.
type ClassRules struct {
	Default   []Limit
	Semicolon []Limit // in addition, for statements of a message that holds several
}

// Counter is one counter of a query: its limits, and what its key begins with.
type Counter struct {
	Scope  string // "", "semicolon", "class:NAME", "class:NAME:semicolon"
	Limits []Limit
}

// For lists the counters of a query of a class ("" is none), the most special one last.
func (r Rules) For(class string, several bool) []Counter {
	var out []Counter
	add := func(scope string, limits []Limit) {
		if len(limits) > 0 {
			out = append(out, Counter{scope, limits})
		}
	}
	add("", r.Default)
	if several {
		add("semicolon", r.Semicolon)
	}
	if c, ok := r.Classes[class]; ok && class != "" {
		add("class:"+class, c.Default)
		if several {
			add("class:"+class+":semicolon", c.Semicolon)
		}
	}
	return out
}

// All lists every limit of the rules, by the scope that it is of.
func (r Rules) All(f func(scope string, l Limit)) {
	each := func(scope string, limits []Limit) {
		for _, l := range limits {
			f(scope, l)
		}
	}
	each("", r.Default)
	each("semicolon", r.Semicolon)
	for _, name := range sortedNames(r.Classes) {
		each("class "+name, r.Classes[name].Default)
		each("class "+name+", semicolon", r.Classes[name].Semicolon)
	}
}

func sortedNames(m map[string]ClassRules) []string { return slices.Sorted(maps.Keys(m)) }

// Merge puts rules together: all of them apply.
func Merge(list ...Rules) Rules {
	out := Rules{Classes: map[string]ClassRules{}}
	add := func(to ClassRules, from ClassRules) ClassRules {
		return ClassRules{slices.Concat(to.Default, from.Default), slices.Concat(to.Semicolon, from.Semicolon)}
	}
	for _, r := range list {
		out.ClassRules = add(out.ClassRules, r.ClassRules)
		for name, c := range r.Classes {
			out.Classes[name] = add(out.Classes[name], c)
		}
	}
	return out
}
