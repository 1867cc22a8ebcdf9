package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner/access"
)

// clock is a time that tests move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return start.Add(time.Duration(c.offset.Load())) }
func (c *clock) forward(d time.Duration) { c.offset.Add(int64(d)) }
func (c *clock) set(cfg *Config)         { cfg.Now = c.now }

// operationsOf lists what the API describes: METHOD PATH, and whether it takes somebody who is signed in.
func operationsOf(s *service) map[string]bool {
	var doc struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string
		}
	}
	s.into(s.call("", "", "GET", "/api/openapi.json", nil), 200, &doc)
	found := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			found[strings.ToUpper(method)+" "+path] = len(op.Security) > 0
		}
	}
	return found
}

// TestDoors tries every operation that the API describes, and the websocket, as those who must not get in.
func TestDoors(t *testing.T) {
	var c clock
	s := newService(t, c.set)
	s.network()
	s.booked("sofas", "R3", "bk-1")
	s.plan(1)
	s.settle()
	own := map[Role]string{Firm: "bohai", Exporter: "sofas", Commission: "tc"}
	write := map[Role]access.Scope{Firm: access.Publish, Exporter: access.Trade, Commission: access.Operate}
	ids := []string{"R3", "bk-1", "LAX-1", "WH-US", "suez", "none", "local"}

	var expired, revoked, reading []string
	readers := map[Role]string{}
	for role, org := range own {
		_, old := s.key(role, org, access.Read, write[role])
		expired = append(expired, old)
	}
	c.forward(91 * 24 * time.Hour)
	for role, org := range own {
		id, gone := s.key(role, org, access.Read, write[role])
		s.into(s.call(role, org, "DELETE", "/api/keys/"+id, nil), 204, nil)
		revoked = append(revoked, gone)
		_, readOnly := s.key(role, org, access.Read)
		reading = append(reading, readOnly)
		s.into(s.call(role, org, "PUT", "/api/members/reader", obj{"level": "reader"}), 204, nil)
		readers[role] = s.memberCookie(role, org, "reader")
	}
	nobody := map[string][]string{
		"nothing": nil, "an empty key": {"Authorization", "Bearer "}, "another scheme": {"Authorization", "Basic eDp5"},
		"a guess": {"Authorization", "Bearer haihe_" + access.NewSecret()}, "a guessed session": {"Cookie", cookieName + "=" + access.NewSecret()},
		"a forged token": {"Authorization", "Bearer " + forged(s)}, "a key as a cookie": {"Cookie", cookieName + "=" + reading[0]},
		"a link as a token": {"Authorization", "Bearer " + strings.TrimPrefix(s.web.SignInLink("", Account{Role: Firm, Org: "bohai"}, time.Hour), "/signin?token=")},
	}
	for i := range expired {
		nobody[fmt.Sprint("an expired key ", i)] = []string{"Authorization", "Bearer " + expired[i]}
		nobody[fmt.Sprint("a revoked key ", i)] = []string{"Authorization", "Bearer " + revoked[i]}
	}
	operations := operationsOf(s)
	open := []string{}
	sent := len(s.sent)
	for operation, guarded := range operations {
		if !guarded {
			open = append(open, operation)
			continue
		}
		method, path, _ := strings.Cut(operation, " ")
		t.Run(operation, func(t *testing.T) {
			for _, id := range ids {
				path := strings.ReplaceAll(path, "{id}", id)
				var first string
				for name, header := range nobody {
					r := s.call("", "", method, path, nil, header...)
					s.refused(r, 401, "")
					if name == "another scheme" {
						continue // is told what is wrong with the header
					}
					if first == "" {
						first = r.raw
					}
					assert.Equal(t, first, r.raw, "%s: all who do not get in are answered alike, byte for byte", name)
				}
				if method != "GET" {
					for _, origin := range []string{"https://evil.example", "null", "http://127.0.0.1:1"} {
						s.refused(s.call("", "", method, path, nil, "Cookie", readers[Firm], "Origin", origin), 403, "")
					}
				}
				if method == "GET" || strings.HasPrefix(path, "/api/live") || strings.HasPrefix(path, "/api/signout") || strings.HasPrefix(path, "/api/quotes") || strings.HasPrefix(path, "/api/tables") || strings.HasPrefix(path, "/api/sessions") {
					continue
				}
				for _, cookie := range readers {
					s.refused(s.call("", "", method, path, nil, "Cookie", cookie, "Origin", s.http.URL), 403, "")
				}
				for _, key := range reading {
					s.refused(s.call("", "", method, path, nil, "Authorization", "Bearer "+key), 403, "")
				}
			}
		})
	}
	assert.ElementsMatch(t, []string{"GET /api/health", "GET /api/schemas", "GET /api/schemas/{name}"}, open)
	assert.Len(t, s.sent, sent, "nothing of all that reached the log")

	t.Run("the websocket", func(t *testing.T) {
		for name, header := range nobody {
			assert.Equal(t, 401, s.knock("", header...), name)
		}
		for _, origin := range []string{"https://evil.example", "null", "http://127.0.0.1:1", ""} {
			assert.Equal(t, 403, s.knock("", "Cookie", readers[Firm], "Origin", origin), origin)
		}
		assert.Equal(t, 401, s.knock("?ticket=x"))
		assert.Equal(t, 401, s.knock("?ticket=x", "Cookie", readers[Firm], "Origin", s.http.URL), "a bad ticket is not made good by a cookie")
		assert.Equal(t, 101, s.knock("", "Cookie", readers[Firm], "Origin", s.http.URL))
	})
}

// memberCookie signs a member in by the link of an admin.
func (s *service) memberCookie(role Role, org, name string) string {
	s.t.Helper()
	var made struct{ Link string }
	s.into(s.call(role, org, "POST", "/api/members/"+name+"/link", nil), 200, &made)
	r := s.call("", "", "GET", strings.TrimPrefix(made.Link, "http://haihe.example"), nil)
	require.Equal(s.t, http.StatusSeeOther, r.status, r.raw)
	value, _, _ := strings.Cut(r.header.Get("Set-Cookie"), ";")
	return value
}

// knock opens the websocket, closes it, and returns the status.
func (s *service) knock(query string, header ...string) int {
	s.t.Helper()
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] != "" {
			h.Set(header[i], header[i+1])
		}
	}
	conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.http.URL, "http")+"/api/live"+query, h)
	if conn != nil {
		conn.Close()
	}
	require.NotNil(s.t, res, "%v", err)
	res.Body.Close()
	return res.StatusCode
}

// dial opens the websocket and takes the snapshot.
func (s *service) dial(query string, header ...string) *browser {
	s.t.Helper()
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.http.URL, "http")+"/api/live"+query, h)
	require.NoError(s.t, err)
	res.Body.Close()
	b := &browser{t: s.t, conn: conn}
	s.t.Cleanup(b.close)
	b.first.frame, b.first.err = b.receive()
	b.unread = true
	return b
}

// TestForeignAndAbsentAreAlike: what is another's is answered as what is not there, but for its id, byte for byte.
func TestForeignAndAbsentAreAlike(t *testing.T) {
	s := newService(t)
	s.network()
	s.booked("sofas", "R3", "bk-1")
	s.plan(1)
	s.settle()
	keyID, _ := s.key(Exporter, "sofas", access.Read)
	foreign := []access.Session{}
	s.cookie(Exporter, "sofas")
	s.cookie(Exporter, "bikes")
	foreign = append(foreign, s.web.cfg.Access.Sessions(access.OrgID{Kind: Exporter, ID: "sofas"})...)
	require.NotEmpty(t, foreign)
	there := map[string]string{"requests": "R3", "bookings": "bk-1", "keys": keyID, "sessions": foreign[0].ID, "members": "local"}
	tried := 0
	for operation, guarded := range operationsOf(s) {
		method, path, _ := strings.Cut(operation, " ")
		what, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/"), "/")
		id, private := there[what]
		if !guarded || !private || !strings.Contains(path, "{id}") || operation == "PUT /api/members/{id}" {
			continue
		}
		tried++
		var body any
		if method == "POST" && strings.HasSuffix(path, "/rebook") {
			body = obj{"departures": []string{"LAX-1"}, "gateway": "USLAX", "warehouse": "WH-US", "cost": 1}
		}
		if operation == "PUT /api/requests/{id}" {
			body = requestJSON()
		}
		if operation == "PUT /api/requests/{id}/repeat" {
			body = obj{"every": "week"}
		}
		if what == "members" {
			id = "only-sofas-has-it"
			s.into(s.call(Exporter, "sofas", "PUT", "/api/members/"+id, obj{"level": "reader"}), 204, nil)
		}
		absent := strings.Repeat("x", len(id))
		a := s.call(Exporter, "bikes", method, strings.ReplaceAll(path, "{id}", id), body)
		b := s.call(Exporter, "bikes", method, strings.ReplaceAll(path, "{id}", absent), body)
		assert.Equal(t, 404, a.status, "%s: %s", operation, a.raw)
		assert.Equal(t, b.raw, a.raw, operation)
		ha, hb := a.header.Clone(), b.header.Clone()
		ha.Del("Date")
		hb.Del("Date")
		assert.Equal(t, hb, ha, operation)
	}
	assert.Greater(t, tried, 8)
}

// Numbers of an epoch are the same for all: whoever resumes at another's place is told what they may see, no more.
func TestResumeAtAnothersPlace(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	theirs := s.open(Exporter, "carpets", "").next()
	s.say(wish("R9", "carpets", "US"))
	s.plan(1)
	s.settle()
	for _, v := range []viewer{{Exporter, "bikes"}, {Firm, "elbe"}, {Commission, ""}} {
		for seq := range theirs.Seq + 1 {
			f := s.open(v.role, org(v), fmt.Sprintf("?epoch=%s&seq=%d", theirs.Epoch, seq)).next()
			assert.NotContains(t, f.raw, "goods of carpets", "%v from %d", v, seq)
			assert.NotContains(t, f.raw, `"R9"`, "%v from %d", v, seq)
		}
	}
}

func TestLinksAreUsedOnce(t *testing.T) {
	var c clock
	s := newService(t, c.set)
	link := s.web.SignInLink("", Account{Role: Firm, Org: "bohai"}, 24*time.Hour)
	assert.Equal(t, 303, s.call("", "", "GET", link, nil).status)
	c.forward(linkGrace / 2)
	assert.Equal(t, 303, s.call("", "", "GET", link, nil).status, "within some minutes, again")
	c.forward(linkGrace)
	assert.Equal(t, 401, s.call("", "", "GET", link, nil).status)
	unused := s.web.SignInLink("", Account{Role: Firm, Org: "bohai"}, 24*time.Hour)
	c.forward(23 * time.Hour)
	assert.Equal(t, 303, s.call("", "", "GET", unused, nil).status)
	assert.Equal(t, 401, s.call("", "", "GET", unused, nil).status)
	late := s.web.SignInLink("", Account{Role: Firm, Org: "bohai"}, 24*time.Hour)
	c.forward(24 * time.Hour)
	assert.Equal(t, 401, s.call("", "", "GET", late, nil).status)

	// A member that was removed does not come back by a link.
	s.into(s.call(Firm, "bohai", "PUT", "/api/members/chief", obj{"level": "admin"}), 204, nil)
	s.into(s.call(Firm, "bohai", "DELETE", "/api/members/local", nil), 204, nil)
	assert.Equal(t, 401, s.call("", "", "GET", s.web.SignInLink("", Account{Role: Firm, Org: "bohai"}, time.Hour), nil).status)
}

func TestANewSignInEndsTheOld(t *testing.T) {
	s := newService(t)
	old := s.cookie(Firm, "bohai")
	r := s.call("", "", "GET", s.web.SignInLink("", Account{Role: Exporter, Org: "bikes"}, time.Hour), nil, "Cookie", old)
	require.Equal(t, 303, r.status)
	now, _, _ := strings.Cut(r.header.Get("Set-Cookie"), ";")
	assert.NotEqual(t, old, now)
	assert.Equal(t, 401, s.call("", "", "GET", "/api/me", nil, "Cookie", old).status)
	assert.Equal(t, 200, s.call("", "", "GET", "/api/me", nil, "Cookie", now).status)
}

func TestSessionsEnd(t *testing.T) {
	var c clock
	s := newService(t, c.set, func(cfg *Config) { cfg.SessionIdle, cfg.SessionMax = time.Hour, 3*time.Hour })
	me := func(cookie string) int { return s.call("", "", "GET", "/api/me", nil, "Cookie", cookie).status }
	idle, busy := s.cookie(Firm, "bohai"), s.cookie(Firm, "bohai")
	for range 5 {
		c.forward(30 * time.Minute)
		require.Equal(t, 200, me(busy))
		require.Eventually(t, func() bool { // the note of its use
			for _, x := range s.web.cfg.Access.Sessions(access.OrgID{Kind: Firm, ID: "bohai"}) {
				if s.web.cfg.Access.LastSeen(x.ID).Equal(c.now()) {
					return true
				}
			}
			return false
		}, time.Minute, time.Millisecond)
	}
	assert.Equal(t, 401, me(idle), "it was not used for an hour")
	c.forward(31 * time.Minute)
	assert.Equal(t, 401, me(busy), "it ends after three hours, used or not")
}

// Whatever ends somebody's right to look ends their websocket with its code, and soon.
func TestTheSocketEndsWithItsRight(t *testing.T) {
	org := access.OrgID{Kind: Firm, ID: "bohai"}
	for name, end := range map[string]func(s *service, c *clock, cookie, key string){
		"the session is ended": func(s *service, _ *clock, _, _ string) {
			var list []struct{ ID, User string }
			s.into(s.call(Firm, "bohai", "GET", "/api/sessions", nil), 200, &list)
			for _, x := range list {
				s.into(s.call(Firm, "bohai", "DELETE", "/api/sessions/"+x.ID, nil), 204, nil)
			}
			s.revokeKeys(Firm, "bohai")
		},
		"the member is removed": func(s *service, _ *clock, _, _ string) {
			s.into(s.call(Firm, "bohai", "DELETE", "/api/members/worker", nil), 204, nil)
			s.revokeKeys(Firm, "bohai")
		},
		"the organisation is closed": func(s *service, _ *clock, _, _ string) {
			require.NoError(s.t, s.web.cfg.Commit(s.t.Context(), access.Record{Org: &access.Org{OrgID: org, Closed: true}}))
		},
		"time": func(_ *service, c *clock, _, _ string) { c.forward(100 * 24 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			var c clock
			s := newService(t, c.set)
			_, key := s.key(Firm, "bohai", access.Read)
			s.into(s.call(Firm, "bohai", "PUT", "/api/members/worker", obj{"level": "reader"}), 204, nil)
			cookie := s.memberCookie(Firm, "bohai", "worker")
			sockets := []*browser{s.dial("", "Cookie", cookie, "Origin", s.http.URL), s.dial("", "Authorization", "Bearer "+key)}
			end(s, &c, cookie, key)
			for i, b := range sockets {
				for {
					_, err := b.read()
					if err != nil {
						assert.True(t, websocket.IsCloseError(err, closeSessionEnded), "%d: %v", i, err)
						break
					}
				}
			}
		})
	}
}

func (s *service) revokeKeys(role Role, org string) {
	s.t.Helper()
	var list []struct{ ID string }
	s.into(s.call(role, org, "GET", "/api/keys", nil), 200, &list)
	for _, k := range list {
		s.into(s.call(role, org, "DELETE", "/api/keys/"+k.ID, nil), 204, nil)
	}
}

func TestTickets(t *testing.T) {
	var c clock
	s := newService(t, c.set)
	_, key := s.key(Exporter, "bikes", access.Read)
	ticket := func() string {
		var made struct{ Ticket string }
		s.into(s.call("", "", "POST", "/api/live/ticket", nil, "Authorization", "Bearer "+key), 200, &made)
		return "?ticket=" + made.Ticket
	}
	first := ticket()
	assert.Equal(t, "snapshot", s.dial(first).next().Type)
	assert.Equal(t, 401, s.knock(first), "once")
	assert.Equal(t, 403, s.knock(ticket(), "Origin", "https://evil.example"))
	late := ticket()
	c.forward(ticketFor)
	assert.Equal(t, 401, s.knock(late))
	void := ticket()
	s.revokeKeys(Exporter, "bikes")
	assert.Equal(t, 401, s.knock(void), "the key behind it is gone")
}

func TestOriginsThatAreAllowed(t *testing.T) {
	s := newService(t, func(cfg *Config) { cfg.Origins = []string{"https://partner.example"} })
	cookie := s.cookie(Firm, "bohai")
	assert.Equal(t, 101, s.knock("", "Cookie", cookie, "Origin", "https://partner.example"))
	assert.Equal(t, 403, s.knock("", "Cookie", cookie, "Origin", "http://partner.example"))
	assert.Equal(t, 403, s.knock("", "Cookie", cookie, "Origin", "https://partner.example.evil.example"))
}

// Behind TLS the cookie is bound to the host, and a page over plain HTTP is another.
func TestBehindTLS(t *testing.T) {
	s := newService(t, func(cfg *Config) { cfg.Secure = true })
	cookie := s.cookie(Firm, "bohai")
	assert.True(t, strings.HasPrefix(cookie, "__Host-haihe_session="), cookie)
	r := s.call("", "", "GET", s.web.SignInLink("", Account{Role: Firm, Org: "bohai"}, time.Hour), nil)
	assert.Contains(t, r.header.Get("Set-Cookie"), "; Secure")
	assert.Contains(t, r.header.Get("Strict-Transport-Security"), "max-age=")
	assert.Equal(t, 401, s.call("", "", "GET", "/api/me", nil, "Cookie", strings.TrimPrefix(cookie, "__Host-")).status)
	assert.Equal(t, 403, s.knock("", "Cookie", cookie, "Origin", s.http.URL))
	assert.Equal(t, 101, s.knock("", "Cookie", cookie, "Origin", strings.Replace(s.http.URL, "http:", "https:", 1)))
}

func TestLimits(t *testing.T) {
	s := newService(t, func(cfg *Config) { cfg.Limits = Limits{Requests: 20, Commands: 3, SignIns: 5, Sockets: 2} })
	s.network()
	s.settle()
	codes := func(n int, try func() int) map[int]int {
		seen := map[int]int{}
		for range n {
			seen[try()]++
		}
		return seen
	}
	cut := func() int {
		return s.call(Firm, "bohai", "PATCH", "/api/departures/LAX-1", obj{"delay_hours": 1}).status
	}
	assert.Equal(t, map[int]int{204: 3, 429: 2}, codes(5, cut))
	assert.Equal(t, map[int]int{200: 15, 429: 5}, codes(20, func() int { return s.call(Firm, "bohai", "GET", "/api/me", nil).status }))
	assert.Equal(t, 200, s.call(Firm, "hansa", "GET", "/api/me", nil).status, "others go on")
	assert.Equal(t, map[int]int{401: 5, 429: 3}, codes(8, func() int { return s.call("", "", "GET", "/signin?token=x", nil).status }))
	r := s.call("", "", "GET", "/signin?token=x", nil)
	assert.NotEmpty(t, r.header.Get("Retry-After"))

	for range 2 {
		s.open(Exporter, "bikes", "").next()
	}
	_, err := s.open(Exporter, "bikes", "").read()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseTryAgainLater), "%v", err)
	s.open(Exporter, "carpets", "").next()
}

// A firm that publishes room and withdraws it again and again is stopped for the day.
func TestRoomGivenAndTaken(t *testing.T) {
	var c clock
	s := newService(t, c.set, func(cfg *Config) { cfg.Limits.Rooms = 2 })
	s.network()
	s.settle()
	change := func(body obj) int { return s.call(Firm, "bohai", "PATCH", "/api/departures/LAX-1", body).status }
	assert.Equal(t, 204, change(obj{"capacity_m3": 900, "capacity_kg": 500000}))
	s.settle()
	assert.Equal(t, 204, change(obj{"capacity_m3": 1000, "capacity_kg": 500000}), "to give more is free")
	s.settle()
	assert.Equal(t, 204, change(obj{"cancelled": true}))
	s.settle()
	assert.Equal(t, 204, change(obj{"cancelled": false}))
	s.settle()
	assert.Equal(t, 429, change(obj{"cancelled": true}))
	c.forward(13 * time.Hour)
	assert.Equal(t, 204, change(obj{"cancelled": true}))
}

// A message of a client that is longer than any needs to be ends its connection.
func TestLongMessages(t *testing.T) {
	s := newService(t)
	b := s.open(Firm, "bohai", "")
	b.next()
	require.NoError(t, b.conn.WriteMessage(websocket.TextMessage, make([]byte, maxMessageBytes+1)))
	_, err := b.read()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseMessageTooBig), "%v", err)
}

// TestKeys: what is secret of a key is told once, and a key does what its scopes say for as long as it lasts.
func TestKeys(t *testing.T) {
	var c clock
	s := newService(t, c.set)
	id, key := s.key(Firm, "bohai", access.Read, access.Publish)
	list := s.call(Firm, "bohai", "GET", "/api/keys", nil).raw
	assert.NotContains(t, list, key)
	assert.NotContains(t, list, access.Hash(key))
	assert.Contains(t, list, id)
	with := []string{"Authorization", "Bearer " + key}
	var made struct{ ID string }
	s.network()
	s.settle()
	s.into(s.call("", "", "POST", "/api/departures", departureJSON(), with...), 201, &made)
	s.refused(s.call("", "", "POST", "/api/keys", obj{"name": "n", "scopes": []string{"read"}}, with...), 403, "")
	s.refused(s.call("", "", "GET", "/api/members", nil, with...), 403, "")
	s.refused(s.call(Firm, "bohai", "POST", "/api/keys", obj{"name": "n", "scopes": []string{"trade"}}), 422, "body.scopes")
	require.Eventually(t, func() bool { return strings.Contains(s.call(Firm, "bohai", "GET", "/api/keys", nil).raw, `"seen":`) }, time.Minute, time.Millisecond)
	c.forward(90 * 24 * time.Hour)
	s.refused(s.call("", "", "GET", "/api/me", nil, with...), 401, "")
}

// TestMembers: an admin rules their own organisation, and no other.
func TestMembers(t *testing.T) {
	s := newService(t)
	s.cookie(Firm, "bohai")
	s.cookie(Exporter, "bohai") // another organisation of the same id
	s.refused(s.call(Firm, "bohai", "DELETE", "/api/members/local", nil), 409, "")
	s.refused(s.call(Firm, "bohai", "PUT", "/api/members/local", obj{"level": "reader"}), 409, "")
	s.into(s.call(Firm, "bohai", "PUT", "/api/members/anna", obj{"level": "editor", "name": "Anna", "email": "anna@bohai.example"}), 204, nil)
	var list []memberView
	s.into(s.call(Firm, "bohai", "GET", "/api/members", nil), 200, &list)
	assert.Equal(t, []memberView{{"anna", "Anna", "anna@bohai.example", access.Editor}, {"local", "The bohai", "", access.Admin}}, list)
	s.into(s.call(Exporter, "bohai", "GET", "/api/members", nil), 200, &list)
	assert.Len(t, list, 1)
	s.refused(s.call(Firm, "bohai", "PUT", "/api/members/"+"a%2Fb", obj{"level": "editor"}), 422, "path.id")
	cookie := s.memberCookie(Firm, "bohai", "anna")
	assert.Equal(t, 200, s.call("", "", "GET", "/api/me", nil, "Cookie", cookie).status)
	s.refused(s.call("", "", "GET", "/api/members", nil, "Cookie", cookie), 403, "")
	var sessions []struct{ User string }
	s.into(s.call("", "", "GET", "/api/sessions", nil, "Cookie", cookie), 200, &sessions)
	assert.Len(t, sessions, 1, "her own alone")
	s.into(s.call(Firm, "bohai", "PUT", "/api/members/anna", obj{"level": "reader"}), 204, nil)
	s.refused(s.call("", "", "POST", "/api/departures", departureJSON(), "Cookie", cookie, "Origin", s.http.URL), 403, "")
}

func TestAuditSaysWhoDidWhat(t *testing.T) {
	var entries []AuditEntry
	heard := make(chan AuditEntry, 1000)
	s := newService(t, func(cfg *Config) { cfg.Audit = func(e AuditEntry) { heard <- e } })
	s.network()
	s.settle()
	s.call(Exporter, "bikes", "GET", "/api/requests/R1", nil)
	s.call(Exporter, "carpets", "GET", "/api/requests/R1", nil)
	s.call("", "", "GET", "/api/requests/R1", nil, "Authorization", "Bearer x")
	s.cookie(Firm, "bohai")
	s.open(Exporter, "bikes", "").next()
	close(heard)
	for e := range heard {
		e.ID = ""
		entries = append(entries, e)
	}
	assert.Equal(t, []AuditEntry{
		{At: start, Kind: Exporter, Org: "bikes", User: "exporter/bikes/local", From: "127.0.0.1", Action: "get-request", Target: "R1", Result: "200"},
		{At: start, Kind: Exporter, Org: "carpets", User: "exporter/carpets/local", From: "127.0.0.1", Action: "get-request", Target: "R1", Result: "404"},
		{At: start, From: "127.0.0.1", Action: "enter", Target: "/api/requests/R1", Result: "refused"},
		{At: start, Kind: Firm, Org: "bohai", User: "firm/bohai/local", From: "127.0.0.1", Action: "sign-in", Target: "link", Result: "ok"},
		{At: start, Kind: Exporter, Org: "bikes", User: "exporter/bikes/local", From: "127.0.0.1", Action: "live", Result: "ok"},
	}, entries)
}

func FuzzTicket(f *testing.F) {
	s := newService(f)
	good := sign(testSecret, claims{Use: useLive, Role: Firm, Org: "bohai", User: "u", Level: access.Reader, Nonce: "n", Made: start.Unix(), Ends: start.Unix() + 30})
	f.Add(good[:9] + "\r\n" + good[9:])
	f.Add(good)
	f.Add(good + "=")
	f.Add("%00." + good)
	used := false
	f.Fuzz(func(t *testing.T, ticket string) {
		who, err := s.web.byTicket(t.Context(), ticket)
		if err != nil {
			return
		}
		if ticket != good || used || who.Org != "bohai" {
			t.Fatalf("%q lets %+v in", ticket, who)
		}
		used = true
	})
}

func FuzzCredentials(f *testing.F) {
	s := newService(f)
	_, key := s.key(Firm, "bohai", access.Read)
	f.Add("Bearer "+key, "")
	f.Add("bearer  x", cookieName+"=\"a\"; "+cookieName+"=b")
	f.Add("", secureCookieName+"="+strings.Repeat("x", 5000))
	f.Fuzz(func(t *testing.T, authorization, cookie string) {
		r, err := http.NewRequest("GET", "/api/me", nil)
		require.NoError(t, err)
		r.Header["Authorization"], r.Header["Cookie"] = []string{authorization}, []string{cookie}
		who, _, err := s.web.authenticate(r)
		if err == nil && !strings.Contains(authorization, key) {
			t.Fatalf("%q %q lets %+v in", authorization, cookie, who)
		}
	})
}

// BenchmarkForeignAndAbsent shows whether the time of an answer tells another's thing from none.
func BenchmarkForeignAndAbsent(b *testing.B) {
	s := newService(b)
	s.network()
	s.settle()
	for name, id := range map[string]string{"foreign": "R2", "absent": "R0"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if r := s.call(Exporter, "bikes", "GET", "/api/requests/"+id, nil); r.status != 404 {
					b.Fatal(r.raw)
				}
			}
		})
	}
}

// Each scope is somebody's, and each level may do what those before it may.
func TestLevels(t *testing.T) {
	for _, kind := range access.Kinds() {
		var before []access.Scope
		for _, l := range access.Levels() {
			for _, scope := range before {
				assert.True(t, slices.Contains(l.Scopes(kind), scope))
			}
			before = l.Scopes(kind)
		}
		assert.Contains(t, before, access.Administer)
		assert.NotContains(t, access.KeyScopes(kind), access.Administer)
	}
}
