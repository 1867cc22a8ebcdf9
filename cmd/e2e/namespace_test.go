package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// namespace is a network of its own that one cable joins to this machine's.
type namespace struct {
	t               *testing.T
	name, cable     string
	outside, inside string // addresses of the ends of the cable
}

// newNamespace makes a namespace, or returns nil and why where that is not possible.
func newNamespace(t *testing.T) (*namespace, string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil, "only root makes network namespaces"
	}
	n := os.Getpid() % 4096
	s := &namespace{t: t, name: fmt.Sprint("haihe-", os.Getpid()), cable: fmt.Sprint("hh", os.Getpid()),
		outside: fmt.Sprintf("10.211.%d.%d", n/16, n%16*16+1), inside: fmt.Sprintf("10.211.%d.%d", n/16, n%16*16+2)}
	for _, line := range []string{
		"netns add " + s.name,
		"link add " + s.cable + "o type veth peer name " + s.cable + "i netns " + s.name,
		"addr add " + s.outside + "/28 dev " + s.cable + "o",
		"link set " + s.cable + "o up",
		"-n " + s.name + " addr add " + s.inside + "/28 dev " + s.cable + "i",
		"-n " + s.name + " link set lo up",
		"-n " + s.name + " link set " + s.cable + "i up",
	} {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			s.remove()
			return nil, fmt.Sprintf("ip %s: %v: %s", line, err, out)
		}
	}
	t.Cleanup(s.remove)
	return s, ""
}

func (s *namespace) remove() {
	_ = exec.Command("ip", "netns", "del", s.name).Run() // the cable goes with it
	_ = exec.Command("ip", "link", "del", s.cable+"o").Run()
}

// command runs a program within.
func (s *namespace) command(program string) []string {
	return []string{"ip", "netns", "exec", s.name, program}
}

// plug joins the cable, or pulls it.
func (s *namespace) plug(up bool) {
	s.t.Helper()
	out, err := exec.Command("ip", "link", "set", s.cable+"o", map[bool]string{true: "up", false: "down"}[up]).CombinedOutput()
	require.NoError(s.t, err, "%s", out)
}

// role asks an instance within how it is, from within, where a pulled cable is no hindrance.
func (s *namespace) role(i *service) string {
	out, _ := exec.Command("ip", "netns", "exec", s.name, plain(), "health", "--server", i.base).CombinedOutput()
	for _, role := range []string{"leading", "following"} {
		if strings.Contains(string(out), `"role":"`+role+`"`) {
			return role
		}
	}
	return string(out)
}
