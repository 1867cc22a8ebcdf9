package e2e

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/streams"
)

// TestAccess goes through what an operator does about who gets in, beside a running service: keys, members, links,
// revocations, a firm's own topic, the audit log.
func TestAccess(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, raced(), dir, "--sample", "--feed-speed", "0.0001").taking()
	operator := func(args ...string) string {
		return strings.TrimSpace(string(haihe(t, nil, append(args, "--data", dir)...)))
	}
	status := func(key, path string) int {
		req, err := http.NewRequest(http.MethodGet, s.base+path, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+key)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		return resp.StatusCode
	}
	// becomes waits until the running service has read what the operator did.
	becomes := func(want int, is func() int) {
		t.Helper()
		require.Eventually(t, func() bool { return is() == want }, wait, 20*time.Millisecond)
	}
	var org struct{ Org, Name string }
	head, _, _ := strings.Cut(s.links["firm"], ".")
	raw, err := base64.RawURLEncoding.DecodeString(head)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &org))
	firm := "firm/" + org.Org

	key := operator("access", "key", firm, "test", "read,publish")
	becomes(http.StatusOK, func() int { return status(key, "/api/me") })
	require.Equal(t, http.StatusForbidden, status(key, "/api/members"))

	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	anna := &http.Client{Jar: jar}
	operator("access", "member", firm, "anna", "reader")
	resp, err := anna.Get(operator("link", "--server", s.base, "--user", "anna", "firm", org.Org))
	require.NoError(t, err)
	resp.Body.Close()
	me := func() (int, string) {
		resp, err := anna.Get(s.base + "/api/me")
		require.NoError(t, err)
		defer resp.Body.Close()
		var x struct{ Level string }
		_ = json.NewDecoder(resp.Body).Decode(&x)
		return resp.StatusCode, x.Level
	}
	code, level := me()
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "reader", level)
	operator("access", "remove", firm, "anna")
	becomes(http.StatusUnauthorized, func() int { code, _ := me(); return code })

	// A firm's own topic: what is the firm's reaches the state, what is another's the dead letters.
	operator("access", "inbox", firm, "somebody")
	topic, err := streams.InboxTopic(org.Org)
	require.NoError(t, err)
	sailing := func(id, carrier string) string {
		return `{"id":"` + id + `","mode":"sea","carrier":"` + carrier + `","from":"CNTXG","to":"USLAX","cutoff":"2031-03-01T00:00:00Z","depart":"2031-03-02T00:00:00Z",` +
			`"arrive":"2031-03-20T00:00:00Z","capacity_m3":100,"capacity_kg":100000,"rate":{"per":"m3","amount":80,"kg_per_m3":1000},"co2e_kg_per_t":0,"classes":["general"]}`
	}
	for id, carrier := range map[string]string{"OWN-1": org.Org, "FOREIGN-1": "another"} {
		s.write(topic, "departure:"+id+":master", sailing(id, carrier), map[string]string{"ce_specversion": "1.0", "ce_id": id, "ce_source": "/firms/" + url.PathEscape(org.Org),
			"ce_type": "haihe.DepartureScheduled", "ce_sequence": "1"})
	}
	require.Eventually(t, func() bool {
		code, body := s.call("firm", http.MethodGet, "/api/snapshot", nil)
		return code == http.StatusOK && strings.Contains(string(body), `"OWN-1"`)
	}, wait, 100*time.Millisecond)
	require.Eventually(t, func() bool {
		code, body := s.call("firm", http.MethodGet, "/api/dead-letters", nil)
		return code == http.StatusOK && strings.Contains(string(body), `the carrier is \"another\"`)
	}, wait, 100*time.Millisecond)

	list := operator("access", "list")
	require.Contains(t, list, firm)
	require.NotContains(t, list, key)
	for _, field := range strings.Fields(list) {
		if strings.HasPrefix(field, "k-") {
			operator("access", "revoke", field)
		}
	}
	becomes(http.StatusUnauthorized, func() int { return status(key, "/api/me") })
	require.Eventually(t, func() bool { return strings.Contains(operator("audit", "--org", firm), `"result":"403"`) }, wait, 200*time.Millisecond)

	// All of it outlives a restart.
	s.stop()
	s = serve(t, raced(), dir, "--sample", "--feed-speed", "0.0001").taking()
	require.Equal(t, http.StatusUnauthorized, status(key, "/api/me"))
	code, _ = s.call("", http.MethodGet, "/signin?token="+s.links["firm"], nil)
	require.Equal(t, http.StatusOK, code)
	s.stop()
}
