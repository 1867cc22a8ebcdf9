package e2e

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/web"
)

// Binaries of haihe, each built when it is first needed. The one with the race detector is an order of magnitude
// slower; what measures, or solves to the end, takes the plain one.
var (
	builds string // folder
	plain  = sync.OnceValue(func() string { return build("haihe") })
	raced  = sync.OnceValue(func() string { return build("haihe-race", "-race") })
)

func build(name string, flags ...string) string {
	out := filepath.Join(builds, name)
	cmd := exec.Command("go", append(append([]string{"build", "-o", out}, flags...), "haihe/cmd/haihe")...)
	if text, err := cmd.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("building haihe: %v\n%s", err, text))
	}
	return out
}

func TestMain(m *testing.M) {
	var err error
	if builds, err = os.MkdirTemp("", "haihe-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(builds)
	os.Exit(code)
}

// wait is how long anything may take before a test gives up; it is no claim about speed.
const wait = 3 * time.Minute

// service is a running haihe serve.
type service struct {
	t       *testing.T
	cmd     *exec.Cmd
	base    string
	kafka   string
	metrics string            // address for operators, if there is one
	secret  string            // file of the key that signs
	links   map[string]string // tokens of the sign-in links, by role
	stderr  *said
	sample  bool
	ended   chan error
	client  *http.Client
}

// serve starts haihe serve on free ports with its data in dir, and waits until it says where it is.
func serve(t *testing.T, binary, dir string, args ...string) *service {
	t.Helper()
	return serveBy(t, []string{binary}, dir, args...)
}

// serveBy is serve by a command, of which the binary is the last word.
func serveBy(t *testing.T, command []string, dir string, args ...string) *service {
	t.Helper()
	secret := filepath.Join(dir, "web-secret")
	if i := slices.Index(args, "--secret-file"); i >= 0 {
		secret = args[i+1]
	}
	s := &service{t: t, secret: secret, links: map[string]string{}, stderr: &said{}, sample: slices.Contains(args, "--sample"), ended: make(chan error, 1), client: http.DefaultClient}
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--broker-listen", "127.0.0.1:0", "--data", dir}, args...)
	args = append(command[1:len(command):len(command)], args...)
	s.cmd = exec.Command(command[0], args...)
	s.cmd.Stderr = s.stderr
	out, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	lines := bufio.NewScanner(out)
	link := regexp.MustCompile(`^  (\w+) +(http://\S+)/signin\?token=(\S+)$`)
	for lines.Scan() {
		if m := link.FindStringSubmatch(lines.Text()); m != nil {
			s.base, s.links[m[1]] = m[2], m[3]
		}
		if rest, ok := strings.CutPrefix(lines.Text(), "Metrics "); ok {
			s.metrics = rest
		}
		if rest, ok := strings.CutPrefix(lines.Text(), "Kafka "); ok {
			s.kafka = strings.Fields(rest)[0]
			break
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		s.ended <- s.cmd.Wait()
	}()
	require.NotEmpty(t, s.kafka, "haihe serve said nothing:\n%s", s.stderr)
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			<-s.ended
		}
		require.NotContains(t, s.stderr.String(), "DATA RACE")
		require.NotContains(t, s.stderr.String(), "panic:")
	})
	return s
}

// taking waits until the service takes commands.
func (s *service) taking() *service {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		code, _ := s.call("", http.MethodGet, "/api/health", nil)
		return code == http.StatusOK
	}, wait, 50*time.Millisecond, "not ready:\n%s", s.stderr)
	return s
}

// ready waits until the service takes commands and has a plan of this run.
func (s *service) ready() *service {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		var h struct {
			Ready       bool   `json:"ready"`
			PlanVersion uint64 `json:"plan_version"`
		}
		code, body := s.call("", http.MethodGet, "/api/health", nil)
		return code == http.StatusOK && json.Unmarshal(body, &h) == nil && h.Ready && h.PlanVersion > 0 && s.planned()
	}, wait, 50*time.Millisecond, "not ready:\n%s", s.stderr)
	return s
}

// token returns a token of whom the link of a role is for, or of the operator.
func (s *service) token(role string) string {
	s.t.Helper()
	who := web.Account{Role: web.Operator, Org: "operator"}
	if role != string(web.Operator) {
		head, _, _ := strings.Cut(s.links[role], ".")
		raw, err := base64.RawURLEncoding.DecodeString(head)
		require.NoError(s.t, err)
		var says struct {
			Role      web.Role
			Org, Name string
		}
		require.NoError(s.t, json.Unmarshal(raw, &says))
		who = web.Account{Role: says.Role, Org: says.Org, Name: says.Name}
	}
	secret, err := os.ReadFile(s.secret)
	require.NoError(s.t, err)
	token, err := web.Token(secret, who, time.Now())
	require.NoError(s.t, err)
	return token
}

// planned reports whether there is a plan; of the sample, one with matches: an instance that leads a cluster plans before it
// loads that.
func (s *service) planned() bool {
	var plan struct {
		Assignments []json.RawMessage `json:"assignments"`
	}
	code, body := s.call("operator", http.MethodGet, "/api/plan", nil)
	return code == http.StatusOK && json.Unmarshal(body, &plan) == nil && (!s.sample || len(plan.Assignments) > 0)
}

// said is what a process says, which tests read while it speaks.
type said struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// stop ends the service as Ctrl-C does; it must end well.
func (s *service) stop() {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGINT))
	select {
	case err := <-s.ended:
		require.NoError(s.t, err, "%s", s.stderr)
	case <-time.After(wait):
		s.t.Fatalf("haihe serve does not stop:\n%s", s.stderr)
	}
}

// kill ends the service without warning.
func (s *service) kill() {
	require.NoError(s.t, s.cmd.Process.Kill())
	<-s.ended
	spend("service", s.cmd.ProcessState)
}

// call asks the API as a role, "" without a session, and returns the status (0 for no answer) and the body.
func (s *service) call(role, method, path string, body any) (int, []byte) {
	return s.keyed(role, method, path, "", body)
}

// keyed is call with an Idempotency-Key.
func (s *service) keyed(role, method, path, key string, body any) (int, []byte) {
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		require.NoError(s.t, err)
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, s.base+path, in)
	require.NoError(s.t, err)
	if role != "" {
		req.Header.Set("Authorization", "Bearer "+s.token(role))
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil
	}
	return resp.StatusCode, out
}

// get asks for JSON, and fails the test unless it comes.
func get[T any](s *service, role, path string) T {
	s.t.Helper()
	code, body := s.call(role, http.MethodGet, path, nil)
	require.Equal(s.t, http.StatusOK, code, "%s: %s", path, body)
	var x T
	require.NoError(s.t, json.Unmarshal(body, &x), "%s", path)
	return x
}

// haihe runs another verb to its end.
func haihe(t *testing.T, stdin io.Reader, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(plain(), args...)
	cmd.Stdin = stdin
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	require.NoError(t, cmd.Run(), "haihe %s\n%s", strings.Join(args, " "), &errOut)
	spend(strings.Join(args[:min(2, len(args))], " "), cmd.ProcessState)
	return out.Bytes()
}

// spent is the time on a processor that processes took, by what they did.
var spent = struct {
	sync.Mutex
	by map[string]time.Duration
}{by: map[string]time.Duration{}}

func spend(what string, p *os.ProcessState) {
	spent.Lock()
	defer spent.Unlock()
	spent.by[what] += p.UserTime() + p.SystemTime()
}

// spending says what processes took that have ended, and the test itself.
func spending() string {
	spent.Lock()
	defer spent.Unlock()
	var own syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &own)
	return fmt.Sprint(spent.by, ", the test ", time.Duration(own.Utime.Nano()+own.Stime.Nano()))
}
