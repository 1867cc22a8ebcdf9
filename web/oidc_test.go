package web

import (
	"bufio"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner/access"
)

// startProvider builds and runs the provider of oidctest, and returns its issuer.
func startProvider(t *testing.T, redirect string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "oidctest")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = "oidctest"
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "" && strings.Contains(string(out), "dial tcp") {
			t.Skipf("the provider's modules cannot be fetched: %s", out)
		}
		t.Fatalf("building the provider: %v\n%s", err, out)
	}
	cmd := exec.Command(binary, redirect)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan(), "the provider said nothing")
	return lines.Text()
}

// signer is a browser of somebody who signs in by the provider.
type signer struct {
	t      *testing.T
	client *http.Client
}

func newSigner(t *testing.T) *signer {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &signer{t, &http.Client{Jar: jar}}
}

func (b *signer) read(res *http.Response, err error) (int, string, *url.URL) {
	b.t.Helper()
	require.NoError(b.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(b.t, err)
	return res.StatusCode, string(raw), res.Request.URL
}

var authRequest = regexp.MustCompile(`name="id" value="([^"]+)"`)

// signIn goes from the start to the end, with the form of the provider filled in, and returns what comes last.
func (b *signer) signIn(base, user string) (int, string, *url.URL) {
	b.t.Helper()
	_, form, at := b.read(b.client.Get(base + "/signin/oidc"))
	id := authRequest.FindStringSubmatch(form)
	require.NotNil(b.t, id, form)
	at.Path, at.RawQuery = "/login/username", ""
	return b.read(b.client.PostForm(at.String(), url.Values{"id": {id[1]}, "username": {user}, "password": {"pass-" + user}}))
}

// TestSignInByAProvider runs against a certified implementation of a provider.
func TestSignInByAProvider(t *testing.T) {
	// The address must be known to both before either starts.
	listener := httptest.NewUnstartedServer(nil)
	base := "http://" + listener.Listener.Addr().String()
	issuer := startProvider(t, base+"/signin/oidc/callback")
	s := newService(t, func(c *Config) {
		c.Now = nil // the provider's clock is the real one
		c.URL = base
		c.OIDC = &OIDC{Issuer: issuer, ClientID: "haihe", ClientSecret: "a secret of the client",
			Rules: []ClaimRule{{Claim: "email", Value: "carl@city.example", Kind: Commission, Org: "tc", Name: "Commission", Level: access.Reader}}}
	})
	listener.Config.Handler = s.web.Handler()
	listener.Start()
	defer listener.Close()

	carl := newSigner(t)
	status, _, at := carl.signIn(base, "carl")
	require.Equal(t, 200, status)
	assert.Equal(t, "/", at.Path)
	_, me, _ := carl.read(carl.client.Get(base + "/api/me"))
	assert.Contains(t, me, `"role":"commission","org":"tc","name":"Commission"`)
	assert.Contains(t, me, `"level":"reader"`)

	// Anna gets in once an admin has made her a member, Berta never: nobody vouches for her address.
	status, page, _ := newSigner(t).signIn(base, "anna")
	assert.Equal(t, 403, status, page)
	s.into(s.call(Firm, "bohai", "PUT", "/api/members/anna", obj{"level": "editor", "email": "Anna@bohai.example"}), 204, nil)
	s.cookie(Firm, "bohai")
	anna := newSigner(t)
	status, page, _ = anna.signIn(base, "anna")
	require.Equal(t, 200, status, page)
	_, me, _ = anna.read(anna.client.Get(base + "/api/me"))
	assert.Contains(t, me, `"user":"firm/bohai/anna","level":"editor"`)
	status, _, _ = newSigner(t).signIn(base, "berta")
	assert.Equal(t, 403, status)

	// Removed here, she does not come back, whoever vouches for her; her session has ended.
	s.into(s.call(Firm, "bohai", "DELETE", "/api/members/anna", nil), 204, nil)
	status, _, _ = anna.read(anna.client.Get(base + "/api/me"))
	assert.Equal(t, 401, status)
	status, _, _ = newSigner(t).signIn(base, "anna")
	assert.Equal(t, 403, status)

	// What comes back must be what this browser was sent with.
	for name, query := range map[string]string{"no state": "?code=x", "another state": "?state=x&code=x", "an error": "?error=access_denied"} {
		status, _, _ := newSigner(t).read(http.Get(base + "/signin/oidc/callback" + query))
		assert.Equal(t, 401, status, name)
	}
	victim, attacker := newSigner(t), newSigner(t)
	_, _, _ = victim.read(victim.client.Get(base + "/signin/oidc"))
	attacker.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/signin/oidc/callback" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	_, form, page2 := attacker.read(attacker.client.Get(base + "/signin/oidc"))
	page2.Path, page2.RawQuery = "/login/username", ""
	res, err := attacker.client.PostForm(page2.String(), url.Values{"id": {authRequest.FindStringSubmatch(form)[1]}, "username": {"carl"}, "password": {"pass-carl"}})
	require.NoError(t, err)
	res.Body.Close()
	stolen := res.Header.Get("Location")
	require.Contains(t, stolen, "/signin/oidc/callback?code=")
	status, _, _ = victim.read(victim.client.Get(stolen))
	assert.Equal(t, 401, status, "the end of another's sign-in is none of this browser's")
	status, _, _ = victim.read(victim.client.Get(base + "/api/me"))
	assert.Equal(t, 401, status)
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestClaimRules(t *testing.T) {
	for _, bad := range []ClaimRule{{}, {Claim: "c", Value: "v", Kind: "king", Org: "o", Level: access.Reader}, {Claim: "c", Value: "v", Kind: Firm, Org: "o", Level: "x"},
		{Claim: "c", Value: "*", Kind: Firm, Org: "o", Level: access.Admin}} {
		assert.Error(t, bad.Valid(), "%+v", bad)
	}
	list := ClaimRule{Claim: "groups", Value: "haihe", Kind: Firm, Org: "{}", Level: access.Reader}
	require.NoError(t, list.Valid())
	value, fits := list.fits(map[string]any{"groups": []any{"x", 7, "haihe"}})
	assert.True(t, fits)
	assert.Equal(t, "haihe", value)
	for _, claims := range []map[string]any{nil, {"groups": "x"}, {"groups": 7}, {"groups": []any{}}, {"groups": map[string]any{"haihe": true}}} {
		_, fits := list.fits(claims)
		assert.False(t, fits, "%v", claims)
	}
}
