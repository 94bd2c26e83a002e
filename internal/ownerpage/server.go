package ownerpage

import (
	"context"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/dpproxy/dpproxy/approval"
	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/config"
)

//go:embed pages/*.html pages/style.css
var files embed.FS

// Options are what the page is made of. All are needed.
type Options struct {
	User    string
	Verify  func(password string) bool              // of that user
	Config  func() *config.Config                   // as it is served now
	Ready   func(context.Context) error             // nil: clients may come
	Differ  func(context.Context) ([]string, error) // where configuration and ledger say different things
	Ledger  budget.Admin
	Clock   func() time.Time
	Log     *slog.Logger
	Version string
}

// Server is the owner's page as an http.Handler.
type Server struct {
	Options
	pages    *template.Template
	sessions *sessions
	handler  http.Handler
}

// New makes the page.
func New(o Options) (*Server, error) {
	pages, err := template.New("").Funcs(functions()).ParseFS(files, "pages/*.html")
	if err != nil {
		return nil, err
	}
	s := &Server{Options: o, pages: pages, sessions: newSessions(o.Clock)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /style.css", s.style)
	mux.HandleFunc("GET /login", s.showLogin)
	mux.HandleFunc("POST /login", s.login)
	for path, f := range map[string]func(*request) error{
		"GET /{$}": s.overview, "GET /account": s.account, "GET /history": s.history, "GET /entry": s.entry, "GET /limits": s.limits,
		"GET /scripts": s.scripts, "POST /scripts": s.document,
		"POST /logout": s.logout, "POST /disable": s.disable, "POST /enable": s.enable,
	} {
		mux.HandleFunc(path, s.owner(f))
	}
	// Requests that change something and come from another site's page are refused before anything else is looked at.
	s.handler = secured(http.NewCrossOriginProtection().Handler(mux))
	return s, nil
}

// ServeHTTP serves the page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// secured sets the headers that keep a page to itself.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		most := int64(1 << 16)
		if r.URL.Path == "/scripts" {
			most = 2 * approval.MaxBytes
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		next.ServeHTTP(w, r)
	})
}

// request is one request of an owner who has logged in.
type request struct {
	w       http.ResponseWriter
	r       *http.Request
	session session
}

// owner lets only an owner through who has logged in, and to what changes something only with the session's token.
func (s *Server) owner(f func(*request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session, ok := s.sessions.of(r)
		if !ok {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		if r.Method == http.MethodPost && !sameText(r.PostFormValue("token"), session.token) {
			http.Error(w, "this form is from another session; go back, and load the page again", http.StatusForbidden)
			return
		}
		if err := f(&request{w, r, session}); err != nil {
			s.Log.Error("owner's page", "path", r.URL.Path, "error", err)
			http.Error(w, "this page cannot be shown now; the log says why", http.StatusInternalServerError)
		}
	}
}

// page is what every page's template gets.
type page struct {
	Title, Here, Token, Version string
	Now                         time.Time
	Data                        any
}

func (s *Server) render(q *request, name, title string, data any) error {
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return s.pages.ExecuteTemplate(q.w, name, page{Title: title, Here: name, Token: q.session.token, Version: s.Version, Now: s.Clock().UTC(), Data: data})
}

func (s *Server) style(w http.ResponseWriter, _ *http.Request) {
	text, err := files.ReadFile("pages/style.css")
	if err != nil {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	if _, err := w.Write(text); err != nil {
		s.Log.Debug("owner's page", "error", err)
	}
}
