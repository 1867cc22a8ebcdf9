package web

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"haihe/planner/live"
)

// Server is the API, the websocket and the page.
type Server struct {
	cfg         Config
	hub         *hub
	stamp       stamper
	answers     answers
	connections connections
	limits      *limiters
	tokens      tokens
	toucher     toucher
	guard       guard
	oidc        provider
	swept       time.Time  // of the guard
	changing    sync.Mutex // held over a change that is made from a revision
	handler     http.Handler
}

// New starts a server; Close ends it. It panics if cfg lacks what it needs.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg.withDefaults(), answers: answers{known: map[string]*answer{}}}
	s.limits = newLimiters(s.cfg.Limits, s.cfg.Now)
	s.hub = newHub(s.cfg)
	s.swept = s.cfg.Now()
	s.startGuard()
	s.handler = s.routes()
	return s
}

// Observe takes what changed. It never blocks and keeps what u holds.
func (s *Server) Observe(u live.Update) { s.hub.inbox.put(&u, nil) }

// Handler serves everything. Its server needs no WriteTimeout; a ReadHeaderTimeout is wise.
func (s *Server) Handler() http.Handler { return s.handler }

// Epoch names the run of this server; sequences of the websocket count within it.
func (s *Server) Epoch() string { return s.hub.epoch }

// Close tells clients that the service is going away and returns when all connections are closed, at most some
// seconds later. Requests that arrive after it see the last state.
func (s *Server) Close() {
	s.guard.stop()
	s.guard.done.Wait()
	s.hub.close()
	s.connections.wait()
	s.toucher.wait()
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	s.api(mux)
	mux.HandleFunc("GET /signin", s.signIn)
	s.oidcRoutes(mux)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) { notInAPI(mux, w, r) })
	mux.HandleFunc("GET /overlay/borders.json", s.borders)
	mux.HandleFunc("GET /docs", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/docs/", http.StatusSeeOther)
	})
	files := app()
	mux.Handle("/", readOnly(assets(files)))
	if files == nil {
		mux.HandleFunc("GET /docs/", func(w http.ResponseWriter, r *http.Request) {
			plainPage(w, http.StatusOK, "Haihe API", "This binary was built without its pages; make build adds them. The API is described at /api/openapi.json and /api/openapi.yaml, the websocket and the Kafka topics at /api/asyncapi.yaml.")
		})
	}

	// The websocket goes past gzip: it must take over the connection.
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(1024))
	if err != nil {
		panic("web: " + err.Error()) // the options are constant
	}
	all := http.NewServeMux()
	all.HandleFunc("GET /api/live", s.live)
	if s.cfg.Peer != nil {
		all.Handle(PeerPath, peerHandler(s.cfg.Secret, s.limits, s.cfg.Tracer, s.cfg.Peer))
	}
	all.Handle("/", zip(mux))
	return s.recovered(s.secured(all))
}

// notInAPI answers for addresses under /api/ that have no operation, or not with that method.
func notInAPI(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != "" && pattern != "/api/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		writeProblem(w, http.StatusMethodNotAllowed, fmt.Sprintf("%s is not possible here; %s is", r.Method, strings.Join(allowed, ", ")))
		return
	}
	writeProblem(w, http.StatusNotFound, "there is no such address; see /api/openapi.json")
}

// readOnly lets only reading through.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			writeProblem(w, http.StatusMethodNotAllowed, r.Method+" is not possible here")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// borders serves the approved border overlay, or nothing while there is none.
func (s *Server) borders(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	if len(s.cfg.Borders) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(s.cfg.Borders)
}

// policy lets a page load and run only what this service serves. Style attributes are needed by the map; blob
// and data by its worker and images.
const policy = "default-src 'self'; script-src 'self'; worker-src 'self' blob:; img-src 'self' data: blob:; " +
	"style-src 'self' 'unsafe-inline'; connect-src 'self'; font-src 'self' data:; object-src 'none'; base-uri 'none'; " +
	"form-action 'self'; frame-src 'none'; frame-ancestors 'none'"

// everyAnswer are headers of every answer, by their canonical names. The lists are shared; each is full, so adding to one makes another.
var everyAnswer = map[string][]string{
	"Content-Security-Policy":      {policy},
	"X-Content-Type-Options":       {"nosniff"},
	"X-Frame-Options":              {"DENY"},
	"Referrer-Policy":              {"no-referrer"}, // a sign-in link is a secret
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Permissions-Policy":           {"camera=(), geolocation=(), microphone=(), payment=()"},
}

// secured sets the headers that every answer has.
func (s *Server) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range everyAnswer {
			h[name] = value
		}
		if s.secure(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// recovered answers 500 where a handler panics, and keeps the service up.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.cfg.Logger.Error("web: a handler panicked", "method", r.Method, "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			writeProblem(w, http.StatusInternalServerError, "something went wrong here; it has been logged")
		}()
		next.ServeHTTP(w, r)
	})
}
