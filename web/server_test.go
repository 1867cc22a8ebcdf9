package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSignIn(t *testing.T) {
	s := newService(t)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	person := http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	link := s.web.SignInLink(s.http.URL+"/", Account{Role: Exporter, Org: "天津自行车", Name: "Tianjin Bikes"}, time.Hour)
	assert.True(t, strings.HasPrefix(link, s.http.URL+"/signin?token="), link)
	res, err := person.Get(link)
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, http.StatusSeeOther, res.StatusCode)
	assert.Equal(t, "/", res.Header.Get("Location"))
	assert.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"))
	c := res.Cookies()[0]
	assert.True(t, c.HttpOnly)
	assert.Equal(t, http.SameSiteLaxMode, c.SameSite)
	assert.Equal(t, "/", c.Path)
	res, err = person.Get(s.http.URL + "/api/me")
	require.NoError(t, err)
	raw, _ := io.ReadAll(res.Body)
	res.Body.Close()
	assert.JSONEq(t, `{"role":"exporter","org":"天津自行车","name":"Tianjin Bikes","user":"exporter/天津自行车/local","level":"admin","scopes":["read","trade","administer"]}`, string(raw))

	other := sign([]byte("another secret, as long"), claims{Use: useLink, Role: Firm, Org: "x", User: "x", Level: "admin", Made: start.Unix(), Ends: start.Unix() + 60})
	for name, bad := range map[string]string{"none": "", "cut": link[:len(link)-3], "forged": forged(s), "of another secret": other, "for another use": s.token(Firm, "x")} {
		r := s.call("", "", "GET", "/signin?token="+bad, nil)
		assert.Equal(t, 401, r.status, name)
		assert.Empty(t, r.header.Get("Set-Cookie"), name)
		assert.Contains(t, r.raw, "haihe serve", name)
	}
	assert.Panics(t, func() { s.web.SignInLink("", Account{Role: "king", Org: "x"}, time.Hour) })
	assert.Panics(t, func() { s.web.SignInLink("", Account{Role: Firm}, time.Hour) })
}

func TestHeaders(t *testing.T) {
	s := newService(t)
	for _, path := range []string{"/", "/docs/", "/signin", "/api/health", "/api/me", "/api/nothing", "/overlay/borders.json"} {
		r := s.call("", "", "GET", path, nil)
		assert.Equal(t, "nosniff", r.header.Get("X-Content-Type-Options"), path)
		assert.Equal(t, "no-referrer", r.header.Get("Referrer-Policy"), path)
		csp := r.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'self'", "script-src 'self';", "worker-src 'self' blob:", "img-src 'self' data: blob:", "style-src 'self' 'unsafe-inline'", "connect-src 'self'", "frame-ancestors 'none'",
			"object-src 'none'", "base-uri 'none'"} {
			assert.Contains(t, csp, want, path)
		}
		assert.Equal(t, "same-origin", r.header.Get("Cross-Origin-Opener-Policy"), path)
		assert.Equal(t, "same-origin", r.header.Get("Cross-Origin-Resource-Policy"), path)
		assert.Empty(t, r.header.Get("Access-Control-Allow-Origin"), path)
		assert.NotContains(t, r.raw, "<script>", path)
	}
}

func TestAddressesThatAreNot(t *testing.T) {
	s := newService(t)
	s.refused(s.call("", "", "GET", "/api/nothing", nil), 404, "")
	r := s.call(Exporter, "x", "PUT", "/api/requests", obj{})
	s.refused(r, 405, "")
	assert.Equal(t, "GET, POST", r.header.Get("Allow"))
	s.refused(s.call("", "", "POST", "/", obj{}), 405, "")
	assert.Equal(t, 303, s.call("", "", "GET", "/docs", nil).status)
}

func TestBorders(t *testing.T) {
	assert.Equal(t, 204, newService(t).call("", "", "GET", "/overlay/borders.json", nil).status)
	s := newService(t, func(c *Config) { c.Borders = []byte(`{"approval_number":"GS(2027)1"}`) })
	assert.JSONEq(t, `{"approval_number":"GS(2027)1"}`, s.call("", "", "GET", "/overlay/borders.json", nil).raw)
}

func TestAssets(t *testing.T) {
	get := func(h http.Handler, path string) *http.Response {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Result()
	}
	text := func(r *http.Response) string { b, _ := io.ReadAll(r.Body); return string(b) }
	h := assets(fstest.MapFS{"index.html": {Data: []byte("the page")}, "assets/app-1a2b.js": {Data: []byte("script")}, "favicon.svg": {Data: []byte("<svg/>")},
		"docs/index.html": {Data: []byte("the docs")}})
	for _, path := range []string{"/", "/requests/R1", "/market"} {
		r := get(h, path)
		assert.Equal(t, 200, r.StatusCode, path)
		assert.Equal(t, "the page", text(r), path)
		assert.Equal(t, "no-cache", r.Header.Get("Cache-Control"), path)
	}
	r := get(h, "/assets/app-1a2b.js")
	assert.Equal(t, "public, max-age=31536000, immutable", r.Header.Get("Cache-Control"))
	assert.Contains(t, r.Header.Get("Content-Type"), "javascript")
	assert.Equal(t, "the docs", text(get(h, "/docs/")))
	for _, path := range []string{"/assets/gone.js", "/gone.png", "/../go.mod"} {
		r := get(h, path)
		assert.Equal(t, 404, r.StatusCode, path)
		assert.NotContains(t, r.Header.Get("Cache-Control"), "immutable", path)
	}
	r = get(assets(nil), "/")
	assert.Equal(t, 200, r.StatusCode)
	assert.Contains(t, text(r), "make build")
	assert.Equal(t, 404, get(assets(nil), "/x").StatusCode)
}

func TestGzip(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	r := s.call(Firm, "bohai", "GET", "/api/snapshot", nil, "Accept-Encoding", "gzip")
	assert.Equal(t, "gzip", r.header.Get("Content-Encoding"))
	assert.Less(t, len(r.raw), len(s.call(Firm, "bohai", "GET", "/api/snapshot", nil, "Accept-Encoding", "identity").raw)/2)
}

func TestAPanicIsOneAnswer(t *testing.T) {
	s := newService(t, func(c *Config) {
		c.Health = func() Health { panic("a secret of the house") }
	})
	s.refused(s.call("", "", "GET", "/api/health", nil), 500, "")
	assert.NotContains(t, s.call("", "", "GET", "/api/health", nil).raw, "secret")
	assert.Equal(t, 401, s.call("", "", "GET", "/api/me", nil).status, "the service goes on")
}

func TestConfigMustBeWhole(t *testing.T) {
	assert.Panics(t, func() { New(Config{}) })
}

func FuzzToken(f *testing.F) {
	good := sign(testSecret, claims{Use: useLink, Role: Firm, Org: "bohai", Made: start.Unix(), Ends: start.Unix() + 60})
	f.Add(good)
	f.Add(strings.TrimSuffix(good, "A") + "B")
	f.Add("e30." + strings.Split(good, ".")[1])
	f.Add(".")
	f.Fuzz(func(t *testing.T, s string) {
		for _, use := range []string{useLink, useBearer, useLive, useLogin} {
			c, err := openToken(testSecret, s, use, start)
			if err == nil && (s != good || use != useLink || c.Org != "bohai") {
				t.Fatalf("%q is good for %s and speaks for %+v", s, use, c)
			}
		}
	})
}

// A token that is known is looked at again: it ends when it says, and nothing that is not signed gets known.
func TestTokensThatAreKnown(t *testing.T) {
	var k tokens
	good := sign(testSecret, claims{Use: useBearer, Role: Firm, Org: "bohai", Made: start.Unix(), Ends: start.Unix() + 60})
	link := sign(testSecret, claims{Use: useLink, Role: Firm, Org: "bohai", Made: start.Unix(), Ends: start.Unix() + 60})
	for range 2 {
		c, err := k.open(testSecret, good, start)
		require.NoError(t, err)
		assert.Equal(t, "bohai", c.Org)
		for _, bad := range []string{link, strings.TrimSuffix(good, good[len(good)-1:]) + "!", "", "."} {
			_, err = k.open(testSecret, bad, start)
			assert.ErrorIs(t, err, errToken, bad)
		}
		_, err = k.open(testSecret, good, start.Add(time.Minute))
		assert.ErrorIs(t, err, errToken, "its time is over")
	}
	assert.Len(t, k.known, 1)
	for i := range 2 * tokensKept {
		_, err := k.open(testSecret, sign(testSecret, claims{Use: useBearer, Org: fmt.Sprint(i), Made: start.Unix(), Ends: start.Unix() + 60}), start)
		require.NoError(t, err)
	}
	assert.LessOrEqual(t, len(k.known), tokensKept)
}

func FuzzResume(f *testing.F) {
	for _, q := range []string{"", "epoch=e&seq=1", "seq=18446744073709551616", "epoch=%00&seq=01", "epoch=a;b&seq=1", "epoch=e&seq=1&seq=2"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		r, err := parseResume(q)
		if err != nil && r != (resume{}) {
			t.Fatalf("%q: %+v beside %v", q, r, err)
		}
		if err == nil && (r.epoch == "") != (r == resume{}) {
			t.Fatalf("%q gives half a resume, %+v", q, r)
		}
	})
}

// FuzzBody sends bodies to each command: whatever comes, the answer is a problem or what was asked for, and what
// reaches the log is valid.
func FuzzBody(f *testing.F) {
	paths := []struct {
		role Role
		path string
	}{{Exporter, "/api/requests"}, {Exporter, "/api/quotes"}, {Firm, "/api/departures"}, {Firm, "/api/warehouses"}, {Exporter, "/api/requests/R1/bookings"},
		{Firm, "/api/departures/LAX-1"}, {Firm, "/api/warehouses/WH-US/occupancy"}, {Commission, "/api/passages/suez/close"}}
	for i, body := range []any{requestJSON(), requestJSON(), departureJSON(), warehouseJSON(), obj{"parts": []obj{{"fraction": 1}}},
		obj{"delay_hours": 1, "rate": obj{"per": "kg", "amount": 1, "kg_per_m3": 1}}, obj{"free_m3": []float64{1, 2}, "from": "2027-01-01"},
		obj{"reason": "drill", "from": "2027-03-02T00:00:00Z", "until": "2027-03-09T00:00:00Z"}} {
		f.Add(i, string(encode(body)))
	}
	f.Add(0, `{"volume_m3":1e400}`)
	f.Add(3, `{"capacity_m3":[[]]}`)
	s := newService(f)
	s.network()
	s.settle()
	f.Fuzz(func(t *testing.T, which int, body string) {
		p := paths[int(uint(which)%uint(len(paths)))]
		method := "POST"
		if strings.Contains(p.path, "LAX-1") {
			method = "PATCH"
		} else if strings.HasSuffix(p.path, "occupancy") {
			method = "PUT"
		}
		org := map[string]string{"/api/warehouses/WH-US/occupancy": "pacific", "/api/departures/LAX-1": "bohai", "/api/requests/R1/bookings": "bikes"}[p.path]
		if org == "" {
			org = "fuzz"
		}
		r := httptest.NewRequest(method, p.path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+s.token(p.role, org))
		w := httptest.NewRecorder()
		s.web.Handler().ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%s %s: %d %s", method, p.path, w.Code, w.Body)
		}
		if w.Code >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Fatalf("%d without a problem: %s", w.Code, w.Body)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range s.sent {
			if err := e.Fact.Validate(); err != nil {
				t.Fatalf("%s reached the log: %v", e.Fact.Type(), err)
			}
		}
		s.sent = nil
	})
}
