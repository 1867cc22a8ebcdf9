package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// A dashboard and alerts ask for nothing that the service does not tell.
func TestMetricsAreThoseOfTheDashboard(t *testing.T) {
	s := serve(t, plain(), t.TempDir(), "--sample", "--metrics-listen", "127.0.0.1:0", "--log-format", "json", "--log-level", "info").ready()
	require.NotEmpty(t, s.metrics)
	code, _ := s.call("exporter", http.MethodPost, "/api/requests", map[string]any{"origin": "CNTXG", "market": "US", "class": "general",
		"volume_m3": 3, "weight_kg": 10, "ready": "2027-01-01T00:00:00Z", "due": "2027-03-01T00:00:00Z", "storage_days": 5, "value": 1000})
	require.Less(t, code, 300, "a decision, so that there is something to tell")

	said := fetch(t, s.metrics+"/metrics", http.StatusOK)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(said))
	require.NoError(t, err)
	known := map[string]bool{}
	series := 0
	for name, f := range families {
		known[name] = true
		if f.GetType().String() == "HISTOGRAM" {
			known[name+"_bucket"], known[name+"_sum"], known[name+"_count"] = true, true, true
		}
		if strings.HasPrefix(name, "haihe_") {
			series += len(f.Metric)
			assert.NotEmpty(t, f.GetHelp(), name)
			assert.Equal(t, f.GetType().String() == "COUNTER", strings.HasSuffix(name, "_total"), "%s: a counter ends in _total, and nothing else does", name)
		}
	}
	assert.Less(t, series, 200, "labels have few values")
	assert.EqualValues(t, 1, families["haihe_leading"].Metric[0].GetGauge().GetValue())
	assert.Positive(t, families["haihe_plan_solved_timestamp_seconds"].Metric[0].GetGauge().GetValue())
	decided := 0.0
	for _, m := range families["haihe_decision_duration_seconds"].Metric {
		if m.Label[0].GetValue() == "decided" {
			decided += float64(m.GetHistogram().GetSampleCount())
		}
	}
	assert.Positive(t, decided)

	asked := queries(t)
	require.Greater(t, len(asked), 30)
	name := regexp.MustCompile(`\b(?:haihe|go|process)_[a-z_0-9]+`)
	used := map[string]bool{}
	for _, q := range asked {
		found := name.FindAllString(q, -1)
		assert.NotEmpty(t, found, q)
		for _, n := range found {
			used[n] = true
			assert.True(t, known[n], "%s is asked for in %s, and the service does not tell it", n, q)
		}
	}
	for n, f := range families {
		if strings.HasPrefix(n, "haihe_") && n != "haihe_plan_version" {
			suffixed := used[n] || used[n+"_bucket"] || used[n+"_count"] || used[n+"_sum"]
			assert.True(t, suffixed || n == "haihe_build_info", "%s (%s) is on no dashboard and in no alert", n, f.GetHelp())
		}
	}

	for _, base := range []string{s.metrics, s.base} {
		assert.Equal(t, "ok\n", string(fetch(t, base+"/healthz", http.StatusOK)))
		assert.Equal(t, "ok\n", string(fetch(t, base+"/readyz", http.StatusOK)))
	}
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		answer, err := http.Get(s.base + path)
		require.NoError(t, err)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		answer.Body.Close()
		assert.NotContains(t, string(text), "haihe_leading", "%s is for operators alone", path)
		assert.NotContains(t, string(text), "goroutine", path)
	}
	s.stop()
	for line := range strings.Lines(s.stderr.String()) {
		assert.True(t, json.Valid([]byte(line)), "a message in JSON: %s", line)
	}
}

func fetch(t *testing.T, address string, want int) []byte {
	t.Helper()
	answer, err := http.Get(address)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, want, answer.StatusCode, "%s: %s", address, text)
	return text
}

// queries are those of the dashboard and of the alerts; each alert stands in the runbook.
func queries(t *testing.T) []string {
	t.Helper()
	var board struct {
		Panels []struct {
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	text, err := os.ReadFile("../../docs/grafana/haihe.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &board))
	var list []string
	for _, p := range board.Panels {
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			list = append(list, target.Expr)
		}
	}
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert string `yaml:"alert"`
				Expr  string `yaml:"expr"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	text, err = os.ReadFile("../../docs/grafana/alerts.yml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &rules))
	runbook, err := os.ReadFile("../../docs/runbook.md")
	require.NoError(t, err)
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			list = append(list, r.Expr)
			assert.Contains(t, string(runbook), "### "+r.Alert+"\n")
		}
	}
	for i, q := range list {
		assert.Equal(t, strings.Count(q, "("), strings.Count(q, ")"), q)
		assert.Equal(t, i, slices.Index(list, q), "asked twice: %s", q)
	}
	return list
}
