package introspect

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// Limits of one catalog question.
const (
	maxTime    = 5 * time.Second
	maxRows    = 100_000
	maxViews   = 64       // catalogs kept built, one for each data set and user
	maxPlans   = 128      // compiled statements kept for each view
	maxKept    = 8 << 10  // bytes of a statement's text that is kept
	maxCounted = 1024     // statements of which is remembered whether they are catalog ones
	maxBytes   = 64 << 20 // of an answer's text
)

// View is what one session may see. Slices and data sets must not change once handed in: a reload makes new ones.
type View struct {
	User, Database string
	Datasets       []*catalog.Dataset // shown as databases
	Current        *catalog.Dataset
	// System are the proxy's own tables, shown in schema dp; may be nil. The slice is never changed.
	System []*catalog.Table
	// Settings reads the session's settings by lower-case name; nil means that there are none.
	Settings func(name string) (string, bool)
	PID      int32
	Users    []string // shown as roles: the user himself
	Session  Session  // nil: no sessions are shown, and none can be ended
}

// Session is what a catalog question may know of, and do to, sessions of the same user.
type Session interface {
	// Rows are the rows of a relation that tells of sessions, by column in PostgreSQL's output text; absent is NULL.
	Rows(relation string) []map[string]string
	// Signal cancels what a session runs, or ends it; false: there is none.
	Signal(pid int32, terminate bool) bool
}

// Param is a bound parameter's value in PostgreSQL's input text.
type Param struct {
	Type catalog.Type
	Cell Cell
}

// Cell is a value in PostgreSQL's output text, or NULL. Names of reg… types have the object's number behind them; see
// catalog.CutNumber.
type Cell struct {
	Text string
	Null bool
}

// Column is one column of an answer.
type Column struct {
	Name string
	Type catalog.Type
}

// Result is an answer, whole.
type Result struct {
	Columns []Column
	Rows    [][]Cell
	Tag     string // "SELECT"
}

// Service answers catalog questions. It is safe for concurrent use.
type Service struct {
	log    *slog.Logger
	static *static
	engine *engine

	mu    sync.Mutex
	views map[viewKey]*snapshot
	order []viewKey // least recently used first
	next  int
	byID  sync.Map // of int to *snapshot: the built views, for the functions that the engine calls

	counted map[string]census
	words   map[string]bool // does not change
}

// viewKey names what a snapshot is made of. Data sets are immutable, and the snapshot keeps them alive, so that their
// addresses stand for them.
type viewKey struct {
	user, database string
	current        *catalog.Dataset
	others         string
	system         *catalog.Table
}

// New prepares the static catalog. Close ends the service.
func New(log *slog.Logger) (*Service, error) {
	s, err := readStatic()
	if err != nil {
		return nil, err
	}
	service := &Service{log: log, static: s, views: map[viewKey]*snapshot{}, counted: map[string]census{},
		words: catalogWords()}
	service.engine, err = openEngine(s, service.snapshot)
	if err != nil {
		return nil, err
	}
	return service, nil
}

// Close frees the embedded engine.
func (s *Service) Close() error { return s.engine.close() }

// Describe tells a statement's parameters and columns. paramTypes are those that the client named; Unknown or absent
// ones are found from the statement. Errors are *refusal.Error.
func (s *Service) Describe(ctx context.Context, v View, sql string, paramTypes []catalog.Type) ([]catalog.Type, []Column, error) {
	var p *plan
	err := s.within(ctx, v, func(snap *snapshot) (err error) {
		p, err = s.plan(ctx, snap, v, sql, paramTypes)
		return err
	})
	if err != nil {
		return nil, nil, s.refuse(sql, err)
	}
	return p.params, p.columns, nil
}

// Answer runs a statement over the view's catalog. Errors are *refusal.Error.
func (s *Service) Answer(ctx context.Context, v View, sql string, params []Param) (*Result, error) {
	types := make([]catalog.Type, len(params))
	for i, p := range params {
		types[i] = p.Type
	}
	result := &Result{Tag: "SELECT"}
	var acts []act
	err := s.within(ctx, v, func(snap *snapshot) error {
		p, err := s.plan(ctx, snap, v, sql, types)
		if err != nil {
			return err
		}
		args, err := p.bind(params)
		if err != nil {
			return err
		}
		result.Columns = p.columns
		if result.Rows, err = s.engine.query(ctx, snap, p.sql, args, p.types); err == nil {
			acts = p.acts
		}
		return err
	})
	if err == nil {
		err = perform(ctx, v, acts, result.Rows)
	}
	if err != nil {
		return nil, s.refuse(sql, err)
	}
	return result, nil
}

// within does something with a view's snapshot, once more if the snapshot was pushed out meanwhile.
func (s *Service) within(ctx context.Context, v View, do func(*snapshot) error) error {
	const tries = 3
	var err error
	for range tries {
		var snap *snapshot
		if snap, err = s.view(ctx, v); err != nil {
			return err
		}
		if err = do(snap); err == nil || s.snapshot(snap.id) != nil {
			return err
		}
	}
	return err
}

// reason is what the operator's log shows of an error: ours as it is, the engine's kind without its text, which quotes
// the statement.
func reason(err error) string {
	var g gap
	if _, ok := refusal.As(err); ok || errors.As(err, &g) {
		return err.Error()
	}
	kind, _, _ := strings.Cut(err.Error(), ":")
	return "embedded engine: " + kind
}

// plan compiles a statement, or finds it compiled.
func (s *Service) plan(ctx context.Context, snap *snapshot, v View, sql string, types []catalog.Type) (*plan, error) {
	key := planKey(sql, types)
	if p := snap.cached(key); p != nil {
		return p, nil
	}
	p, err := compile(s.static, snap, v, sql, types)
	if err != nil {
		return nil, err
	}
	if err := s.engine.check(ctx, p); err != nil {
		return nil, err
	}
	if !p.perSession && len(sql) <= maxKept {
		snap.keep(key, p)
	}
	return p, nil
}

// refuse makes what the client sees of an error. Whatever is no refusal already becomes one plain text; the operator
// gets the statement's fingerprint and the reason.
func (s *Service) refuse(sql string, err error) error {
	if r, ok := refusal.As(err); ok && r.Code != refusal.NotSupported {
		return r
	}
	if errors.Is(err, context.Canceled) {
		return refusal.New(refusal.QueryCanceled, "canceling statement due to user request")
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return refusal.New(refusal.QueryCanceled, "canceling statement due to statement timeout")
	}
	s.log.Warn("catalog query not supported", "fingerprint", syntax.Fingerprint(sql), "reason", reason(err))
	if r, ok := refusal.As(err); ok {
		return r
	}
	return refusal.New(refusal.NotSupported, notSupported)
}

// snapshot finds a built view by its number, for the functions that the engine calls.
func (s *Service) snapshot(id int) *snapshot {
	if snap, ok := s.byID.Load(id); ok {
		return snap.(*snapshot)
	}
	return nil
}

// view finds or builds the catalog of a view.
func (s *Service) view(ctx context.Context, v View) (*snapshot, error) {
	key := keyOf(v)
	s.mu.Lock()
	defer s.mu.Unlock()
	if snap, ok := s.views[key]; ok {
		s.touch(key)
		return snap, nil
	}
	s.next++
	snap := newSnapshot(s.next, s.static, v)
	// Not ended half-way by a question that is cancelled: the connection would be left within a transaction.
	if err := s.engine.load(context.WithoutCancel(ctx), snap); err != nil {
		return nil, err
	}
	s.views[key] = snap
	s.byID.Store(snap.id, snap)
	s.order = append(s.order, key)
	if len(s.order) > maxViews {
		old := s.views[s.order[0]]
		delete(s.views, s.order[0])
		s.order = s.order[1:]
		s.byID.Delete(old.id)
		if err := s.engine.drop(context.WithoutCancel(ctx), old); err != nil {
			s.log.Warn("catalog view not dropped", "error", err.Error())
		}
	}
	return snap, nil
}

// touch moves a key to the young end. The caller holds the lock.
func (s *Service) touch(key viewKey) {
	for i, k := range s.order {
		if k == key {
			copy(s.order[i:], s.order[i+1:])
			s.order[len(s.order)-1] = key
			return
		}
	}
}

func keyOf(v View) viewKey {
	key := viewKey{user: v.User, database: v.Database, current: v.Current}
	if len(v.System) > 0 {
		key.system = v.System[0]
	}
	var names strings.Builder
	for _, d := range v.Datasets {
		names.WriteString(d.Name)
		names.WriteByte(0)
		names.WriteString(d.Description)
		names.WriteByte(0)
	}
	for _, u := range v.Users {
		names.WriteString(u)
		names.WriteByte(0)
	}
	key.others = names.String()
	return key
}
