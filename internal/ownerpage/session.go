package ownerpage

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"sync"
	"time"
)

const (
	cookieName  = "dpproxy_owner"
	sessionIdle = 30 * time.Minute // without a request
	sessionLife = 8 * time.Hour    // in all: a working day
	maxSessions = 100
	// tries in tryWindow, over all addresses: guessing a password takes longer than it lives, and the owner waits a minute at most.
	tries     = 10
	tryWindow = time.Minute
)

// session is one log-in. Sessions live in this process alone.
type session struct {
	token       string // for forms
	began, last time.Time
}

type sessions struct {
	clock func() time.Time
	mu    sync.Mutex
	open  map[[sha256.Size]byte]*session // by the hash of the cookie
	tried []time.Time                    // log-ins of the last minute that were not right, or not judged yet
}

func newSessions(clock func() time.Time) *sessions {
	return &sessions{clock: clock, open: map[[sha256.Size]byte]*session{}}
}

// begin makes a session, and gives its cookie's value. The oldest one goes where there are too many.
func (s *sessions) begin() string {
	cookie, now := rand.Text(), s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.open) >= maxSessions {
		var oldest [sha256.Size]byte
		var at time.Time
		for k, v := range s.open {
			if at.IsZero() || v.last.Before(at) {
				oldest, at = k, v.last
			}
		}
		delete(s.open, oldest)
	}
	s.open[sha256.Sum256([]byte(cookie))] = &session{token: rand.Text(), began: now, last: now}
	return cookie
}

// of finds a request's session.
func (s *sessions) of(r *http.Request) (session, bool) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return session{}, false
	}
	key, now := sha256.Sum256([]byte(c.Value)), s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.open[key]
	if !ok {
		return session{}, false
	}
	if now.Sub(v.last) > sessionIdle || now.Sub(v.began) > sessionLife {
		delete(s.open, key)
		return session{}, false
	}
	v.last = now
	return *v, true
}

// end ends a request's session.
func (s *sessions) end(r *http.Request) {
	if c, err := r.Cookie(cookieName); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, sha256.Sum256([]byte(c.Value)))
	}
}

// mayTry tells that not too many log-ins were tried lately, and counts one more: before it is judged, so that many at once are
// no way around.
func (s *sessions) mayTry() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	var recent []time.Time
	for _, t := range s.tried {
		if now.Sub(t) < tryWindow {
			recent = append(recent, t)
		}
	}
	s.tried = recent
	if len(recent) >= tries {
		return false
	}
	s.tried = append(recent, now)
	return true
}

// succeeded forgets the tries before a log-in that was right.
func (s *sessions) succeeded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried = nil
}

// sameText compares without telling by its time where two texts differ.
func sameText(a, b string) bool {
	return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request) { s.loginPage(w, http.StatusOK, "") }

func (s *Server) loginPage(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := s.pages.ExecuteTemplate(w, "login", page{Title: "Log in", Here: "login", Data: message}); err != nil {
		s.Log.Error("owner's page", "error", err)
	}
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if !s.sessions.mayTry() {
		s.Log.Warn("owner's log-in", "client", r.RemoteAddr, "outcome", "too many failures")
		s.loginPage(w, http.StatusTooManyRequests, "Too many log-ins have failed. Wait a minute.")
		return
	}
	// Both are always looked at, so that the time tells neither.
	named, proved := sameText(r.PostFormValue("user"), s.User), s.Verify(r.PostFormValue("password"))
	if !named || !proved {
		s.Log.Warn("owner's log-in", "client", r.RemoteAddr, "outcome", "failed")
		s.loginPage(w, http.StatusForbidden, "The name or the password is wrong.")
		return
	}
	s.sessions.succeeded()
	s.sessions.end(r) // an old session does not live on
	s.Log.Info("owner's log-in", "client", r.RemoteAddr, "outcome", "ok")
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: s.sessions.begin(), Path: "/", HttpOnly: true, Secure: r.TLS != nil,
		SameSite: http.SameSiteStrictMode, MaxAge: int(sessionLife / time.Second)})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *Server) logout(q *request) error {
	s.sessions.end(q.r)
	http.SetCookie(q.w, &http.Cookie{Name: cookieName, Path: "/", HttpOnly: true, Secure: q.r.TLS != nil, SameSite: http.SameSiteStrictMode, MaxAge: -1})
	http.Redirect(q.w, q.r, "/login", http.StatusSeeOther)
	return nil
}
