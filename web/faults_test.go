package web

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// saidIn are the formats by which the sources at paths say that a field is wrong: the literals among the arguments of calls of
// the given names, and, of huma, its messages.
func saidIn(t *testing.T, names string, paths ...string) []string {
	t.Helper()
	called := regexp.MustCompile("^(" + names + ")$")
	var found []string
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		text := func(e ast.Expr) {
			if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s, err := strconv.Unquote(lit.Value)
				require.NoError(t, err)
				found = append(found, s)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				name := ""
				switch f := n.Fun.(type) {
				case *ast.Ident:
					name = f.Name
				case *ast.SelectorExpr:
					name = f.Sel.Name
				}
				if !called.MatchString(name) {
					break
				}
				switch name {
				case "add", "wrongField":
					text(n.Args[1])
				default: // errors.New, fmt.Errorf
					text(n.Args[0])
				}
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if strings.HasPrefix(name.Name, "Msg") {
						text(n.Values[i])
					}
				}
			}
			return true
		})
	}
	return found
}

func TestEveryWayToBeWrongHasACode(t *testing.T) {
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/danielgtaylor/huma/v2/validation").Output()
	require.NoError(t, err)
	glob := func(pattern string) []string {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		var sources []string
		for _, f := range files {
			if !strings.HasSuffix(f, "_test.go") {
				sources = append(sources, f)
			}
		}
		return sources
	}
	for what, formats := range map[string][]string{
		"huma":     saidIn(t, "none", glob(filepath.Join(strings.TrimSpace(string(dir)), "*.go"))...),
		"planner":  saidIn(t, "add", "../planner/valid.go", "../planner/valid_entity.go", "../planner/facts_valid.go", "../planner/passage.go"),
		"scenario": saidIn(t, "add", glob("../planner/scenario/*.go")...),
		"web":      saidIn(t, "wrongField", glob("*.go")...),
		"table":    saidIn(t, "New|Errorf", "table.go"),
	} {
		require.Greater(t, len(formats), 7, "the scan of %s works", what)
		for _, f := range formats {
			code, _ := faultOf(verbs.ReplaceAllString(f, "7"))
			assert.NotEmpty(t, code, "%s says %q, of which faultKinds knows nothing", what, f)
		}
	}
}

func TestFaultsAreTakenApart(t *testing.T) {
	for _, c := range []struct{ message, code, params string }{
		{"expected number > 0", "above", "map[min:0]"},
		{"must be from 1 to 3660 and later than that of the tier before, got 0", "tier", "map[max:3660]"},
		{"must be from 0 to 3660, got 7000", "range", "map[max:3660 min:0]"},
		{"must not be negative, got -3", "min", "map[min:0]"},
		{"expected required property class to be present", "required", "map[field:class]"},
		{`must be one of week, month, got "ye, got ar"`, "one_of", "map[choices:week, month]"},
		{"must be after from, 2027-03-01T00:00:00Z, got 2027-02-01T00:00:00Z", "after", "map[time:2027-03-01T00:00:00Z]"},
		{"expected string to be RFC 3339 date-time", "time", "map[]"},
		{"expected string to be 6 to 10 digits", "hs", "map[]"},
		{"something else", "", "map[]"},
	} {
		code, params := faultOf(c.message)
		assert.Equal(t, c.code, code, c.message)
		assert.Equal(t, c.params, fmt.Sprint(params), c.message)
	}
}

// The page words every code in both languages, with nothing to fill in that is not there.
func TestEveryFaultIsWordedInBothLanguages(t *testing.T) {
	has := map[string]map[string]bool{} // code: what every one of its formats gives
	for _, k := range faultKinds {
		assert.Len(t, verbs.FindAllString(k.format, -1), len(k.params)-strings.Count(strings.Join(k.params, " "), "="), k.format)
		given := map[string]bool{}
		for _, p := range k.params {
			name, _, _ := strings.Cut(p, "=")
			given[name] = true
		}
		if before := has[k.code]; before != nil {
			for name := range before {
				before[name] = before[name] && given[name]
			}
			continue
		}
		has[k.code] = given
	}
	for _, lang := range []string{"zh", "en"} {
		source, err := os.ReadFile("app/src/i18n/faults." + lang + ".ts")
		require.NoError(t, err)
		words := map[string]string{}
		for _, m := range regexp.MustCompile(`(?m)^  'fault\.([a-z_0-9]+)': '(.+)',$`).FindAllStringSubmatch(string(source), -1) {
			words[m[1]] = m[2]
		}
		for code, given := range has {
			assert.NotEmpty(t, words[code], "%s has no words for %s", lang, code)
			for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(words[code], -1) {
				assert.True(t, given[m[1]], "%s: %s asks for %s", lang, code, m[1])
			}
		}
		for code := range words {
			assert.NotNil(t, has[code], "%s words %s, which nothing says", lang, code)
		}
	}
}

func FuzzFaultOf(f *testing.F) {
	for _, k := range faultKinds {
		f.Add(k.format)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, params := faultOf(s)
		if code == "" && params != nil {
			t.Fatal("params of nothing")
		}
		for _, v := range params {
			if len(v) > 310 {
				t.Fatalf("%d bytes", len(v))
			}
		}
	})
}
