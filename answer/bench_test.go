package answer

import (
	"fmt"
	"testing"

	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/rewrite"
)

// BenchmarkAnswer measures the whole way of a query on a plan that is there already. The engine's part of it is a
// count over 400 rows.
func BenchmarkAnswer(b *testing.B) {
	run := func(name string, reuse Reuse, prepare func(*fixture) Request) {
		b.Run(name, func(b *testing.B) {
			f := newFixture(b, withReuse(reuse), withGrant(Grant{Budget: pure(1_000_000 * privacy.EpsilonUnits)}), func(s *setup) {
				s.owner = pure(5_000_000 * privacy.EpsilonUnits)
			})
			f.planner.plans[question] = countBySex(privacy.EpsilonUnits / 1000)
			r := prepare(f)
			for b.Loop() {
				f.mustAsk(r)
			}
		})
	}
	run("measured", Reuse{Off: true}, func(f *fixture) Request { return f.request("alice", question) })
	run("reused", Reuse{}, func(f *fixture) Request { return f.request("alice", question) })
	run("explained", Reuse{}, func(f *fixture) Request { return f.request("alice", "EXPLAIN "+question) })
	run("constant", Reuse{}, func(f *fixture) Request {
		f.planner.plans["SELECT 1"] = &rewrite.Plan{Post: rewrite.Post{Constants: [][]Cell{{{Text: "1"}}}}}
		return f.request("alice", "SELECT 1")
	})
}

// BenchmarkIdentity is the name of a release with a long text.
func BenchmarkIdentity(b *testing.B) {
	d, plan := census(), countBySex(privacy.EpsilonUnits)
	plan.Blocks[0].Identity = fmt.Sprintf("%04000d", 1)
	for b.Loop() {
		identity(d, &plan.Blocks[0])
	}
}
