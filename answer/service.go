package answer

import (
	"errors"
	"sync"
)

// Service answers queries. It is safe for concurrent use.
type Service struct {
	Options
	flights     flights
	wide        wideReads
	refusals    refusals
	compressors sync.Pool // of *gzip.Writer, a megabyte each

	mu      sync.RWMutex // guards served and archive
	served  *served
	archive Archiving
}

// served is what one configuration serves; a reload makes a new one. active counts the queries that still use it.
type served struct {
	datasets map[string]*Dataset
	users    map[string]*User
	shared   map[string]bool   // accounts that users name
	views    map[view]*Dataset // data sets as users see them whom the owner allows less
	access   *Access
	lobby    *Dataset
	narrowed sync.Map // granted → []string
	active   sync.WaitGroup
}

// New makes a Service. It closes no engine, ledger or limiter: they are the caller's.
func New(o Options) (*Service, error) {
	if o.Ledger == nil || o.Limiter == nil || o.Planner == nil || o.Random == nil || o.Clock == nil || o.Logger == nil {
		return nil, errors.New("answer: an option is missing")
	}
	if o.Observer == nil {
		o.Observer = noObserver{}
	}
	if o.Tracer == nil {
		o.Tracer = noTracer{}
	}
	return &Service{Options: o, served: newServed(o.Datasets, o.Users, o.Access), archive: o.Archive}, nil
}

func newServed(datasets []*Dataset, users []*User, access Access) *served {
	v := &served{
		datasets: make(map[string]*Dataset, len(datasets)), users: make(map[string]*User, len(users)),
		views: map[view]*Dataset{}, access: &access, shared: map[string]bool{}, lobby: newLobby(),
	}
	for _, d := range datasets {
		v.datasets[d.Catalog.Name] = d
	}
	for _, u := range users {
		v.users[u.Name] = u
		if u.Account != "" {
			v.shared[u.Account] = true
		}
		v.narrow(u.Name, u.Datasets)
	}
	v.narrow(strangersView, access.Strangers)
	return v
}

// narrow makes the data sets as somebody sees them whom the owner allows less.
func (v *served) narrow(user string, grants map[string]Grant) {
	for name, g := range grants {
		if d := v.datasets[name]; d != nil && g.Narrowing != nil {
			narrowed := *d
			narrowed.Catalog = d.Catalog.View(*g.Narrowing)
			v.views[view{user, name}] = &narrowed
		}
	}
}

// strangersView stands for everybody whom a credential vouches for and who is not in the list; it is no user's name.
const strangersView = "\x00"

// view names a data set as one user sees it.
type view struct{ user, dataset string }

// seen is a data set as a user sees it.
func (v *served) seen(user, dataset string) (*Dataset, bool) {
	if d, ok := v.views[view{user, dataset}]; ok {
		return d, true
	}
	d, ok := v.datasets[dataset]
	return d, ok
}

// Replace serves other data sets, users and ways to log in from the next query on. The channel is closed when no query
// uses the old data sets any more, so that their engines can be closed.
func (s *Service) Replace(datasets []*Dataset, users []*User, access Access) <-chan struct{} {
	next := newServed(datasets, users, access)
	s.mu.Lock()
	old := s.served
	s.served = next
	s.mu.Unlock()
	idle := make(chan struct{})
	go func() {
		old.active.Wait()
		for _, d := range old.datasets {
			if d.Design != nil {
				d.Design.Close()
			}
		}
		close(idle)
	}()
	return idle
}

// use returns what is served now; the caller ends its use with done.
func (s *Service) use() (v *served, done func()) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v = s.served
	v.active.Add(1)
	return v, sync.OnceFunc(v.active.Done)
}

// Parse splits a message into statements. They are shared with other sessions: nobody changes them.
func (s *Service) Parse(sql string) ([]*Statement, error) { return s.Planner.Parse(sql) }

// SetArchiving changes which answers are kept from now on.
func (s *Service) SetArchiving(a Archiving) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.archive = a
}

func (s *Service) archiving() Archiving {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.archive
}
