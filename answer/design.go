package answer

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// DesignSuffix after a data set's name is the database in which every session is in design mode.
const DesignSuffix = "_design"

// DesignOf takes the name of a design database apart. Whether the data set exists is not told: a name with the suffix is one, unless
// a data set has that very name.
func (s *Service) DesignOf(database string) (dataset string, design bool) {
	v, done := s.use()
	defer done()
	base, ok := strings.CutSuffix(database, DesignSuffix)
	if _, exact := v.datasets[database]; exact || !ok || base == "" {
		return database, false
	}
	return base, true
}

// DesignRows say which generated rows a session in design mode sees.
type DesignRows struct {
	Units int    // privacy units; other tables follow
	Seed  uint64 // the same seed gives the same rows
}

// The defaults, and the most, of dp.design_rows and dp.design_seed.
const (
	designUnits    = 100
	designSeed     = 42
	maxDesignUnits = 100_000
)

// Design answers every query of a data set from rows that nobody lived (dp.mode = design): accepted or raw, and free. It has engines of
// its own that no source is behind, so that live rows are out of reach; every table is generated, public ones too.
type Design struct {
	open func(context.Context, DesignRows) (engine.Engine, error)
	made *Preview // its catalogs alone

	mu      sync.Mutex
	engines []*designEngine // the last one used comes last
	alive   int             // engines that were made and not closed
}

// maxDesigns is how many different sets of rows there are at once; one more if it is the default one, which nobody can keep others from.
const maxDesigns = 4

type designEngine struct {
	rows   DesignRows
	once   sync.Once
	engine engine.Engine
	err    error
	users  int
	gone   bool // out of the list: the last user closes it
}

// NewDesign answers from engines that open makes: each holds generated rows under the declared names, and has no source.
func NewDesign(open func(context.Context, DesignRows) (engine.Engine, error)) *Design {
	return &Design{open: open, made: NewPreview(nil)}
}

// use gives the engine of a set of rows until done is called.
func (d *Design) use(ctx context.Context, rows DesignRows) (e engine.Engine, done func(), err error) {
	d.mu.Lock()
	var found *designEngine
	for i, have := range d.engines {
		if have.rows == rows {
			found = have
			d.engines = append(append(d.engines[:i:i], d.engines[i+1:]...), have)
			break
		}
	}
	var idle *designEngine
	if found == nil {
		most := maxDesigns
		if rows == (DesignRows{designUnits, designSeed}) {
			most++
		}
		if d.alive >= most {
			if idle = d.takeIdle(); idle == nil {
				d.mu.Unlock()
				return nil, nil, refusal.New(refusal.SourceUnavailable, "too many different sets of generated rows are in use").
					WithHint("Try again later, or take the default: RESET dp.design_rows; RESET dp.design_seed.")
			}
		}
		found = &designEngine{rows: rows}
		d.engines = append(d.engines, found)
		d.alive++
	}
	found.users++
	d.mu.Unlock()
	if idle != nil {
		idle.close()
	}
	found.once.Do(func() {
		defer func() {
			if p := recover(); p != nil {
				found.err = fmt.Errorf("the generated rows were not made: %v", p)
			}
		}()
		found.engine, found.err = d.open(context.WithoutCancel(ctx), rows)
	})
	if found.err != nil {
		d.release(found, true)
		return nil, nil, found.err
	}
	return found.engine, sync.OnceFunc(func() { d.release(found, false) }), nil
}

// takeIdle takes the engine out of the list that nobody uses and that was used longest ago; nil if there is none.
func (d *Design) takeIdle() *designEngine {
	for i, e := range d.engines {
		if e.users == 0 {
			d.engines, e.gone = append(d.engines[:i:i], d.engines[i+1:]...), true
			d.alive--
			return e
		}
	}
	return nil
}

// release ends a use; broken takes the engine out, so that the next use tries again.
func (d *Design) release(e *designEngine, broken bool) {
	d.mu.Lock()
	e.users--
	if broken && !e.gone {
		e.gone = true
		for i, have := range d.engines {
			if have == e {
				d.engines = append(d.engines[:i:i], d.engines[i+1:]...)
				break
			}
		}
	}
	last := e.gone && e.users == 0
	if last {
		d.alive--
	}
	d.mu.Unlock()
	if last {
		e.close()
	}
}

func (e *designEngine) close() {
	if e.engine != nil {
		e.engine.Close()
	}
}

// Close closes the engines. Queries that still run keep theirs until they end.
func (d *Design) Close() {
	d.mu.Lock()
	var idle []*designEngine
	for _, e := range d.engines {
		e.gone = true
		if e.users == 0 {
			d.alive--
			idle = append(idle, e)
		}
	}
	d.engines = nil
	d.mu.Unlock()
	for _, e := range idle {
		e.close()
	}
}

// designed is a query in design mode.
type designed struct {
	engine engine.Engine
	live   *rewrite.Plan // what it would be live; nil where live refuses it
	reason *refusal.Error
}

// design plans a query in design mode, over tables that are all generated. What it would be live is planned too, for its price.
func (s *Service) design(ctx context.Context, q *query, params []rewrite.Param) error {
	if q.dataset.Design == nil {
		return refusal.New(refusal.NotSupported, "data set %q has no design mode", q.dataset.Catalog.Name)
	}
	st := planned(q.request.Statement)
	x := &designed{}
	live, err := s.Planner.Plan(st, q.dataset.Catalog, q.choices.Settings, params)
	if err == nil {
		x.live = live
	} else if r, ok := refusal.As(err); ok {
		x.reason = r
	} else {
		return err
	}
	if q.request.Statement.Kind == Explain {
		q.plan = x.live // EXPLAIN tells of the live query, and reads nothing
		return err
	}
	set := q.choices.Settings
	set.Design = x.live != nil
	made := q.dataset.Design.made.catalogOf(q.dataset.Catalog)
	plan, err := s.Planner.Plan(st, made, set, params)
	if err != nil && set.Design { // what is not total is answered as over public tables
		set.Design = false
		plan, err = s.Planner.Plan(st, made, set, params)
	}
	if err != nil {
		return err
	}
	if plan.Reads && len(plan.SystemCalls) > 0 {
		return refusal.New(refusal.NotSupported, "kept answers and estimates tell of live data, and are not joined with generated rows").
			WithHint("Ask for them in a statement of its own.")
	}
	if len(plan.Blocks) > 0 {
		return s.internal("design", fmt.Errorf("a plan of design mode has measurements"))
	}
	e, done, err := q.dataset.Design.use(ctx, q.choices.design)
	if r, ok := refusal.As(err); ok {
		return r
	}
	if err != nil {
		return s.internal("design", err)
	}
	before := q.done
	q.done = func() { done(); before() }
	x.engine = e
	q.plan, q.designed = plan, x
	return nil
}

// notice marks rows of design mode, and tells what the query would cost live.
func (x *designed) notice(q *query) Notice {
	n := Notice{Severity: "NOTICE", Code: "00000",
		Message: fmt.Sprintf("design mode: these rows are generated (dp.design_rows = %d, dp.design_seed = %d), not real; nothing was charged", q.choices.design.Units, q.choices.design.Seed)}
	switch {
	case x.live == nil:
		n.Detail = "Live, this is refused: " + x.reason.Message + "."
		n.Hint = x.reason.Hint
	case cellBlocks(x.live):
		n.Detail = "Live, this is perturbed by pipeline tbe, and charges no ε."
	case len(x.live.Blocks) == 0:
		n.Detail = "Live, this is free: it reads no private table."
	default:
		n.Detail = "Live, this would cost " + lossText(q.grant.Budget.Accountant, x.live.Loss) + "."
		if expected, err := expectedErrors(x.live, confidenceShown); err == nil {
			n.Detail += " " + errorsText(expected)
		}
	}
	return n
}

// setDesign reads dp.design_rows or dp.design_seed.
func (c *choices) setDesign(name, value string) error {
	n, err := strconv.ParseUint(value, 10, 63)
	if name == "dp.design_seed" {
		if err != nil {
			return invalid(name, value).WithHint("Take a whole number of at least 0.")
		}
		c.design.Seed = n
		return nil
	}
	if err != nil || n < 1 || n > maxDesignUnits {
		return invalid(name, value).WithHint("Take a whole number from 1 to %d.", maxDesignUnits)
	}
	c.design.Units = int(n)
	return nil
}

// describeDesign tells the types of a statement in design mode.
func (s *Service) describeDesign(q *query, declared []catalog.Type) ([]catalog.Type, []Column, error) {
	set := q.choices.Settings
	_, _, err := s.Planner.Describe(planned(q.request.Statement), q.dataset.Catalog, set, declared)
	set.Design = err == nil
	made := q.dataset.Design.made.catalogOf(q.dataset.Catalog)
	p, c, err := s.Planner.Describe(planned(q.request.Statement), made, set, declared)
	if err != nil && set.Design {
		set.Design = false
		p, c, err = s.Planner.Describe(planned(q.request.Statement), made, set, declared)
	}
	return p, c, err
}
