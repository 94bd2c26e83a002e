package answer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dpproxy/dpproxy/engine/postgres"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/ratelimit"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

func withReuse(r Reuse) option   { return func(s *setup) { s.reuse = r } }
func withGrant(g Grant) option   { return func(s *setup) { s.grant = g } }
func withLedger(u string) option { return func(s *setup) { s.ledger = u } }

func TestAnswerChargesBothAccountsAndTellsIt(t *testing.T) {
	f := newFixture(t)
	f.planner.plans[question] = countBySex(largeEpsilon)
	lines, result := f.mustAsk(f.request("alice", question))
	if want := []string{"f|300", "m|100"}; !slices.Equal(lines, want) {
		t.Errorf("rows are %q, want %q", lines, want)
	}
	if a, d := f.spent("alice"), f.spent(""); a != largeEpsilon || d != largeEpsilon {
		t.Errorf("charged %v to alice and %v to the data set, want %v", a, d, privacy.Epsilon(largeEpsilon))
	}
	if result.Public || len(result.Notices) != 1 {
		t.Fatalf("public %v, notices %v", result.Public, result.Notices)
	}
	n := result.Notices[0]
	if n.Severity != "NOTICE" || n.Message != "spent ε = 100; left ε = 900 of 1000" || !strings.HasPrefix(n.Detail, "Expected error (95 %): count ± ") {
		t.Errorf("notice is %+v", n)
	}
	if got := f.outcomes("alice"); got != "answered" {
		t.Errorf("history is %q", got)
	}
}

func TestAReleaseIsReadBackForFree(t *testing.T) {
	f := newFixture(t)
	f.planner.plans[question] = countBySex(privacy.EpsilonUnits / 100) // noise of about 100
	first, _ := f.mustAsk(f.request("alice", question))
	for range 3 {
		again, result := f.mustAsk(f.request("alice", question))
		if !slices.Equal(first, again) {
			t.Errorf("the same release was %q and is %q", first, again)
		}
		if !strings.Contains(result.Notices[0].Message, "spent nothing") {
			t.Errorf("notice is %+v", result.Notices[0])
		}
	}
	if got := f.spent("alice"); got != privacy.EpsilonUnits/100 {
		t.Errorf("charged %v, want once", got)
	}
	// A second analyst pays for what the data set has paid for.
	bobs, _ := f.mustAsk(f.request("bob", question))
	if !slices.Equal(first, bobs) {
		t.Errorf("bob's release is %q, alice's %q", bobs, first)
	}
	if b, d := f.spent("bob"), f.spent(""); b != privacy.EpsilonUnits/100 || d != privacy.EpsilonUnits/100 {
		t.Errorf("charged %v to bob and %v to the data set", b, d)
	}
	again, _ := f.mustAsk(f.request("bob", question))
	if !slices.Equal(first, again) || f.spent("bob") != privacy.EpsilonUnits/100 {
		t.Errorf("bob paid twice: %v", f.spent("bob"))
	}
	if got, want := f.outcomes("alice"), "reused, reused, reused, answered"; got != want {
		t.Errorf("history is %q, want %q", got, want)
	}
}

func TestReuseOffMeasuresAndChargesAgain(t *testing.T) {
	for name, turn := range map[string]func(*Request) []option{
		"by the owner":   func(*Request) []option { return []option{withReuse(Reuse{Off: true})} },
		"by the session": func(r *Request) []option { r.Settings["dp.reuse"] = "off"; return nil },
	} {
		t.Run(name, func(t *testing.T) {
			probe := Request{Settings: map[string]string{}}
			f := newFixture(t, turn(&probe)...)
			f.planner.plans[question] = countBySex(privacy.EpsilonUnits / 100)
			seen := map[string]bool{}
			for range 4 {
				r := f.request("alice", question)
				r.Settings = probe.Settings
				lines, _ := f.mustAsk(r)
				seen[strings.Join(lines, ",")] = true
			}
			// Noise of scale 100 on two numbers: four equal pairs have odds of less than 1e-12.
			if len(seen) < 2 {
				t.Errorf("four measurements gave %v", seen)
			}
			if got := f.spent("alice"); got != 4*privacy.EpsilonUnits/100 {
				t.Errorf("charged %v, want four times 0.01", got)
			}
		})
	}
}

func TestAReleaseGrowsOld(t *testing.T) {
	f := newFixture(t, withReuse(Reuse{MaxAge: 24 * time.Hour}))
	f.planner.plans[question] = countBySex(privacy.EpsilonUnits)
	f.mustAsk(f.request("alice", question))
	f.pass(23 * time.Hour)
	f.mustAsk(f.request("alice", question))
	if got := f.spent("alice"); got != privacy.EpsilonUnits {
		t.Errorf("charged %v within a day, want 1", got)
	}
	f.pass(2 * time.Hour)
	f.mustAsk(f.request("alice", question))
	if a, d := f.spent("alice"), f.spent(""); a != 2*privacy.EpsilonUnits || d != 2*privacy.EpsilonUnits {
		t.Errorf("charged %v and %v after a day, want 2", a, d)
	}
}

// TestMixedBlocks: of a query's two measurements one was paid for before.
func TestMixedBlocks(t *testing.T) {
	f := newFixture(t)
	both := "SELECT sex, count(*), count(age) FROM persons GROUP BY sex"
	f.planner.plans[question] = countBySex(privacy.EpsilonUnits)
	plan, second := countBySex(privacy.EpsilonUnits), bySex(privacy.EpsilonUnits, "SELECT sex, count(age)::bigint FROM persons GROUP BY sex")
	second.Blocks[0].Name = "released_2"
	plan.Blocks = append(plan.Blocks, second.Blocks[0])
	plan.Loss.Epsilon *= 2
	plan.Post = rewrite.Post{SQL: `SELECT a.k1, a.v1 FROM released_1 a JOIN released_2 b ON a.k1 = b.k1 ORDER BY a.k1`}
	f.planner.plans[both] = plan
	alone, _ := f.mustAsk(f.request("alice", question))
	together, _ := f.mustAsk(f.request("alice", both))
	if !slices.Equal(alone, together) {
		t.Errorf("the release is %q alone and %q in the mixed query", alone, together)
	}
	if got := f.spent("alice"); got != 2*privacy.EpsilonUnits {
		t.Errorf("charged %v for one and one more measurement, want 2", got)
	}
}

func TestBudgetExhaustionSaysWhatIsLeft(t *testing.T) {
	f := newFixture(t, withGrant(Grant{Budget: pure(150 * privacy.EpsilonUnits)}))
	f.planner.plans[question] = countBySex(largeEpsilon)
	other := "SELECT count(*) FROM persons"
	f.planner.plans[other] = bySex(largeEpsilon, "SELECT sex, count(age)::bigint FROM persons GROUP BY sex")
	_, result := f.mustAsk(f.request("alice", question))
	if len(result.Notices) != 2 || result.Notices[1].Severity != "WARNING" {
		t.Errorf("little is left, but the notices are %+v", result.Notices)
	}
	_, _, err := f.ask(f.request("alice", other))
	refused(t, err, refusal.BudgetExceeded, `budget of user "alice" on data set "census"`, "Asked: ε = 100", "Left: ε = 50 of 150", "does not come back", "Nothing was charged")
	if got := f.spent("alice"); got != largeEpsilon {
		t.Errorf("a refused query was charged: %v", got)
	}
	// What was paid for can still be read, and what it costs can still be seen.
	f.mustAsk(f.request("alice", question))
	lines, _ := f.mustAsk(f.request("alice", "EXPLAIN "+other))
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "does not allow this query") }) {
		t.Errorf("EXPLAIN is\n%s", strings.Join(lines, "\n"))
	}
	if got, want := f.outcomes("alice"), "reused, refused 53400, answered"; got != want {
		t.Errorf("history is %q, want %q", got, want)
	}
}

func TestTheDataSetsBudgetHoldsForAllAnalysts(t *testing.T) {
	f := newFixture(t, withReuse(Reuse{Off: true}), func(s *setup) { s.owner = pure(150 * privacy.EpsilonUnits) })
	f.planner.plans[question] = countBySex(largeEpsilon)
	f.mustAsk(f.request("alice", question))
	_, _, err := f.ask(f.request("bob", question))
	refused(t, err, refusal.BudgetExceeded, `data set "census", over all analysts`)
	if got := f.spent("bob"); got != 0 {
		t.Errorf("bob was charged %v", got)
	}
}

func TestLifetimeLimitOfQueries(t *testing.T) {
	f := newFixture(t, withReuse(Reuse{Off: true}), withGrant(Grant{Budget: pure(1000 * privacy.EpsilonUnits), MaxQueries: 2}))
	f.planner.plans[question] = countBySex(privacy.EpsilonUnits)
	f.mustAsk(f.request("alice", question))
	f.mustAsk(f.request("alice", question))
	_, _, err := f.ask(f.request("alice", question))
	refused(t, err, refusal.BudgetExceeded, "limit of 2 queries", "for ever")
}

func TestRateLimitComesBeforeTheBudget(t *testing.T) {
	for name, url := range map[string]func() string{"memory": func() string { return "" }, "redis": func() string { return testservers.Redis(t) }} {
		t.Run(name, func(t *testing.T) {
			limits, err := ratelimit.Parse("2/60 seconds, 100/day")
			if err != nil {
				t.Fatal(err)
			}
			f := newFixture(t, withReuse(Reuse{Off: true}), withGrant(Grant{Budget: pure(1000 * privacy.EpsilonUnits), RateLimits: limits}),
				func(s *setup) { s.limiter.Redis = url() })
			f.planner.plans[question] = countBySex(privacy.EpsilonUnits)
			for range 2 {
				f.mustAsk(f.request("alice", question))
			}
			_, _, err = f.ask(f.request("alice", question))
			refused(t, err, refusal.BudgetExceeded, "rate limit reached: 2/60 seconds", `user "alice" on data set "census"`, "Nothing was charged")
			if got := f.spent("alice"); got != 2*privacy.EpsilonUnits {
				t.Errorf("charged %v, want 2", got)
			}
			f.mustAsk(f.request("alice", "EXPLAIN "+question)) // free
			f.mustAsk(f.request("bob", question))              // has a counter of his own
		})
	}
}

func TestALimiterThatCannotBeReachedRefuses(t *testing.T) {
	server := testservers.RedisServer(t)
	limits, err := ratelimit.Parse("2/minute")
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, withGrant(Grant{Budget: pure(1000 * privacy.EpsilonUnits), RateLimits: limits}), func(s *setup) { s.limiter.Redis = server.URL() })
	f.planner.plans[question] = countBySex(privacy.EpsilonUnits)
	server.Stop()
	_, _, err = f.ask(f.request("alice", question))
	if _, ok := refusal.As(err); !ok {
		t.Errorf("error is %v, want a refusal", err)
	}
	if got := f.spent("alice"); got != 0 {
		t.Errorf("charged %v", got)
	}
}

// TestFailuresKeepTheCharge: once the engine was asked, nothing comes back, and nothing of its words gets out.
func TestFailuresKeepTheCharge(t *testing.T) {
	f := newFixture(t)
	f.planner.plans[question] = bySex(privacy.EpsilonUnits, "SELECT sex, error('secret 4711')::bigint FROM persons GROUP BY sex")
	_, _, err := f.ask(f.request("alice", question))
	if internal := (*Internal)(nil); !errors.As(err, &internal) {
		t.Fatalf("error is %v, want an Internal", err)
	}
	if _, ok := refusal.As(err); ok || strings.Contains(fmt.Sprintf("%v %+v", err, err), "4711") || strings.Contains(f.log.String(), "4711") {
		t.Errorf("the engine's words got out: %v\n%s", err, f.log)
	}
	if !strings.Contains(f.log.String(), "engine error") {
		t.Errorf("the operator was not told: %s", f.log)
	}
	if a, d := f.spent("alice"), f.spent(""); a != privacy.EpsilonUnits || d != privacy.EpsilonUnits {
		t.Errorf("charged %v and %v, want 1", a, d)
	}
	if got := f.outcomes("alice"); got != "failed XX000" {
		t.Errorf("history is %q", got)
	}
	// A plan whose numbers have no noise is refused by the mechanism, after the engine was asked.
	bad := countBySex(privacy.EpsilonUnits)
	bad.Blocks[0].Specs[0].Share = privacy.Loss{}
	f.planner.plans[question] = bad
	if _, _, err := f.ask(f.request("alice", question)); err == nil {
		t.Error("a number without noise was answered")
	}
	if got := f.spent("alice"); got != 2*privacy.EpsilonUnits {
		t.Errorf("charged %v, want 2", got)
	}
}

func TestACancelledQueryKeepsTheCharge(t *testing.T) {
	url := testservers.Postgres(t)
	e, err := postgres.Open(t.Context(), url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	f := newFixture(t, func(s *setup) { s.engine = e })
	f.planner.plans[question] = bySex(privacy.EpsilonUnits, "SELECT 'f'::text, count(pg_sleep(60))::bigint")
	for _, c := range []struct {
		cause error
		code  refusal.Code
	}{
		{nil, refusal.QueryCanceled},
		{refusal.New(refusal.AdminShutdown, "terminating connection due to administrator command"), refusal.AdminShutdown},
	} {
		before := f.spent("alice")
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := context.AfterFunc(asleep(t, url), func() { cancel(c.cause) })
		_, _, err = f.askContext(ctx, f.request("alice", question))
		stop()
		refused(t, err, c.code)
		if got := f.spent("alice"); got != before+privacy.EpsilonUnits {
			t.Errorf("charged %v, want one more than %v", got, before)
		}
	}
	if got, want := f.outcomes("alice"), "failed 57P01, failed 57014"; got != want {
		t.Errorf("history is %q, want %q", got, want)
	}
}

// asleep is done when the source runs a query of ours.
func asleep(t *testing.T, url string) context.Context {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	ctx, done := context.WithCancel(t.Context())
	go func() {
		defer done()
		for n := 0; n == 0; {
			err := conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()").Scan(&n)
			if err != nil {
				return
			}
		}
	}()
	return ctx
}

func TestASourceThatIsAwayCostsNothing(t *testing.T) {
	server := testservers.PostgresServer(t)
	e, err := postgres.Open(t.Context(), server.URL(), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	f := newFixture(t, func(s *setup) { s.engine = e })
	f.planner.plans[question] = bySex(privacy.EpsilonUnits, "SELECT 'f'::text, 300::bigint")
	server.Stop()
	_, _, err = f.ask(f.request("alice", question))
	refused(t, err, refusal.SourceUnavailable, "cannot be reached", "nothing was charged")
	if a, d := f.spent("alice"), f.spent(""); a != 0 || d != 0 {
		t.Errorf("charged %v and %v, though nothing was asked", a, d)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if lines, _ := f.mustAsk(f.request("alice", question)); len(lines) != 2 {
		t.Errorf("rows are %q", lines)
	}
}

// TestChargeBeforeLook: the engine sees, while it works, that the money is on the ledger's disk.
func TestChargeBeforeLook(t *testing.T) {
	url := testservers.Postgres(t)
	e, err := postgres.Open(t.Context(), url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	f := newFixture(t, func(s *setup) { s.engine = e }, withLedger(url))
	f.planner.plans[question] = bySex(largeEpsilon, "SELECT 'f'::text, count(*)::bigint FROM dpproxy.history WHERE analyst = 'alice' AND outcome = 'reserved'")
	lines, _ := f.mustAsk(f.request("alice", question))
	if lines[0] != "f|1" {
		t.Errorf("the engine saw %q reservations, want 1", lines)
	}
}

// TestTheLastEpsilonIsSpentOnce: 32 sessions race for a budget of five queries.
func TestTheLastEpsilonIsSpentOnce(t *testing.T) {
	f := newFixture(t, withReuse(Reuse{Off: true}), withGrant(Grant{Budget: pure(5 * privacy.EpsilonUnits)}))
	f.planner.plans[question] = countBySex(privacy.EpsilonUnits)
	var wg sync.WaitGroup
	outcomes := make([]error, 32)
	for i := range outcomes {
		r := f.request("alice", question)
		wg.Go(func() { _, _, outcomes[i] = f.ask(r) })
	}
	wg.Wait()
	answered := 0
	for _, err := range outcomes {
		if err == nil {
			answered++
			continue
		}
		refused(t, err, refusal.BudgetExceeded)
	}
	if answered != 5 || f.spent("alice") != 5*privacy.EpsilonUnits {
		t.Errorf("%d sessions were answered, %v spent, want 5", answered, f.spent("alice"))
	}
}

// TestTheSameReleaseIsMeasuredOnce: sessions that ask the same at the same time share one measurement.
func TestTheSameReleaseIsMeasuredOnce(t *testing.T) {
	f := newFixture(t)
	f.planner.plans[question] = countBySex(privacy.EpsilonUnits / 100)
	var wg sync.WaitGroup
	answers := make([]string, 16)
	for i := range answers {
		r := f.request([]string{"alice", "bob"}[i%2], question)
		wg.Go(func() {
			lines, _, err := f.ask(r)
			answers[i] = fmt.Sprint(lines, err)
		})
	}
	wg.Wait()
	for _, a := range answers {
		if a != answers[0] {
			t.Errorf("answers differ: %s and %s", answers[0], a)
		}
	}
	if a, d := f.spent("alice"), f.spent(""); a != privacy.EpsilonUnits/100 || d != privacy.EpsilonUnits/100 {
		t.Errorf("charged %v to alice and %v to the data set, want once", a, d)
	}
}

func TestExplainIsFree(t *testing.T) {
	f := newFixture(t)
	f.planner.plans[question] = countBySex(privacy.EpsilonUnits)
	lines, result := f.mustAsk(f.request("alice", "EXPLAIN "+question))
	text := strings.Join(lines, "\n")
	for _, want := range []string{"Price: ε = 1 (accountant pure)", "Left: ε = 1000 of 1000", "Left after it: ε = 999", "count: ± 3",
		"BoundContribution", "SELECT sex, count(*)::bigint FROM persons GROUP BY sex"} {
		if !strings.Contains(text, want) {
			t.Errorf("EXPLAIN lacks %q:\n%s", want, text)
		}
	}
	if result.Tag != "EXPLAIN" || !result.Public {
		t.Errorf("result is %+v", result)
	}
	lines, _ = f.mustAsk(f.request("alice", "EXPLAIN (FORMAT JSON) "+question))
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "[\n  {") || !strings.Contains(lines[0], `"half_width"`) {
		t.Errorf("EXPLAIN (FORMAT JSON) is %q", lines)
	}
	if a, h := f.spent("alice"), f.outcomes("alice"); a != 0 || h != "" {
		t.Errorf("EXPLAIN was charged %v and recorded as %q", a, h)
	}
	f.mustAsk(f.request("alice", question))
	lines, _ = f.mustAsk(f.request("alice", "EXPLAIN "+question))
	if !strings.HasPrefix(lines[0], "Price: ε = 0 ") {
		t.Errorf("a release that was paid for is announced as %q", lines[0])
	}
}

func TestRefusalsByRightAreRecorded(t *testing.T) {
	f := newFixture(t)
	_, _, err := f.ask(f.request("alice", "SELECT * FROM persons"))
	refused(t, err, refusal.InsufficientPrivilege)
	if got := f.outcomes("alice"); got != "refused 42501" {
		t.Errorf("history is %q", got)
	}
}

func TestABannedAnalystIsStopped(t *testing.T) {
	f := newFixture(t)
	f.planner.plans[question] = countBySex(privacy.EpsilonUnits)
	f.mustAsk(f.request("alice", question))
	if err := f.Ledger.SetDisabled(t.Context(), "alice", true, "owner"); err != nil {
		t.Fatal(err)
	}
	_, _, err := f.ask(f.request("alice", question))
	refused(t, err, refusal.InsufficientPrivilege, "disabled")
	l, err := f.Login(t.Context(), "alice", "census")
	if err != nil || l.Enabled || l.Verifier == "" || !l.Allowed {
		t.Errorf("log-in is %+v, %v", l, err)
	}
}
