package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mayImport says what of the project a folder may import besides itself.
var mayImport = map[string][]string{
	"geo":     {},
	"planner": {"geo"},
	"streams": {"geo", "planner"},
	"web":     {"geo", "planner"},
	"cmd":     {"geo", "planner", "streams", "web"},
}

func TestImportsRunOneWay(t *testing.T) {
	for folder, allowed := range mayImport {
		root := filepath.Join("..", "..", folder)
		files := 0
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata") {
				return filepath.SkipDir
			}
			if d.IsDir() || !strings.HasSuffix(path, ".go") {
				return nil
			}
			files++
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, spec := range f.Imports {
				name, _ := strconv.Unquote(spec.Path.Value)
				inside, ok := strings.CutPrefix(name, "haihe/")
				if !ok {
					continue
				}
				to, _, _ := strings.Cut(inside, "/")
				assert.Contains(t, append([]string{folder}, allowed...), to, "%s imports %s", path, name)
				if strings.HasPrefix(filepath.Base(path), "check") && folder == "planner" {
					assert.NotEqual(t, "planner/optimize", inside, "%s: what checks plans shares nothing with what makes them", path)
				}
			}
			return nil
		})
		require.NoError(t, err)
		assert.NotZero(t, files, folder)
	}
}

func loadCompose(t *testing.T) *types.Project {
	const file = "../../docker-compose.yml"
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  filepath.Dir(file),
		ConfigFiles: []types.ConfigFile{{Filename: file, Content: content}},
	})
	require.NoError(t, err)
	return project
}

func TestComposeFile(t *testing.T) {
	project := loadCompose(t)
	assert.Equal(t, []string{"haihe-1", "haihe-2", "kafka-1", "kafka-2", "kafka-3", "secret"}, project.ServiceNames())
	pom, err := os.ReadFile("../../streams/kafkatest/pom.xml")
	require.NoError(t, err)
	version := regexp.MustCompile(`<kafka.version>(.*)</kafka.version>`).FindSubmatch(pom)
	require.NotNil(t, version)
	published := map[string]string{}
	for name, s := range project.Services {
		kind, number, _ := strings.Cut(name, "-")
		if kind == "secret" {
			continue
		}
		require.Len(t, s.Ports, 1)
		p := s.Ports[0]
		assert.Equal(t, "127.0.0.1", p.HostIP)
		assert.Empty(t, published[p.Published], "two services on one port")
		published[p.Published] = name
		require.NotNil(t, s.HealthCheck)
		assert.NotEmpty(t, s.HealthCheck.Test)
		assert.Equal(t, name, s.Volumes[0].Source, "each keeps its own")
		assert.Contains(t, project.Volumes, s.Volumes[0].Source, "what is kept outlives the container")
		if kind == "kafka" {
			assert.Equal(t, "apache/kafka:"+string(version[1]), s.Image, "the Kafka that the tests run on")
			assert.Equal(t, "broker,controller", *s.Environment["KAFKA_PROCESS_ROLES"], "KRaft: no other service")
			assert.Equal(t, number, *s.Environment["KAFKA_NODE_ID"])
			assert.Contains(t, *s.Environment["KAFKA_CONTROLLER_QUORUM_VOTERS"], number+"@"+name+":9093")
			assert.Equal(t, "INSIDE://"+name+":9092,OUTSIDE://localhost:"+p.Published, *s.Environment["KAFKA_ADVERTISED_LISTENERS"])
		}
	}
	for _, name := range []string{"haihe-1", "haihe-2"} {
		haihe := project.Services[name]
		for i := 1; i <= 3; i++ {
			assert.Equal(t, types.ServiceConditionHealthy, haihe.DependsOn["kafka-"+strconv.Itoa(i)].Condition)
		}
		assert.Equal(t, types.ServiceConditionCompletedSuccessfully, haihe.DependsOn["secret"].Condition)
		require.Len(t, haihe.Volumes, 2)
		assert.Equal(t, "secret", haihe.Volumes[1].Source)
		assert.True(t, haihe.Volumes[1].ReadOnly)
		require.NotNil(t, haihe.Build)
		dockerfile, err := os.ReadFile(filepath.Join("..", "..", haihe.Build.Dockerfile))
		require.NoError(t, err)
		assert.Regexp(t, `(?m)^USER haihe$`, string(dockerfile))
		home := regexp.MustCompile(`(?m)^VOLUME (.*)$`).FindStringSubmatch(string(dockerfile))[1]
		assert.Equal(t, home, haihe.Volumes[0].Target)
		assert.Equal(t, home, project.Services["secret"].Volumes[0].Target, "a fresh volume there belongs to the user of the image")
	}
}

// Jaeger comes with its profile alone, and the service sends traces where it is told to.
func TestComposeTraces(t *testing.T) {
	project := loadCompose(t)
	assert.NotContains(t, project.ServiceNames(), "jaeger")
	assert.Empty(t, *project.Services["haihe-1"].Environment[endpointVariable])
	project, err := project.WithProfiles([]string{"traces"})
	require.NoError(t, err)
	jaeger := project.Services["jaeger"]
	assert.Equal(t, "127.0.0.1", jaeger.Ports[0].HostIP)
	runbook, err := os.ReadFile("../../docs/runbook.md")
	require.NoError(t, err)
	assert.Contains(t, string(runbook), jaeger.Image)
}

// What the containers call haihe with is what haihe takes.
func TestComposeCommandsAreVerbs(t *testing.T) {
	project := loadCompose(t)
	for _, name := range []string{"haihe-1", "haihe-2"} {
		haihe := project.Services[name]
		health := []string(haihe.HealthCheck.Test)
		require.Equal(t, []string{"CMD", "haihe"}, health[:2])
		for _, args := range [][]string{haihe.Command, health[2:]} {
			cmd, rest, err := newRoot().Find(args)
			require.NoError(t, err)
			require.Equal(t, args[0], cmd.Name())
			assert.NoError(t, cmd.ParseFlags(rest), "%q", args)
		}
		serve, rest, err := newRoot().Find(haihe.Command)
		require.NoError(t, err)
		require.NoError(t, serve.ParseFlags(rest))
		brokers, err := serve.Flags().GetStringSlice("brokers")
		require.NoError(t, err)
		assert.Equal(t, []string{"kafka-1:9092", "kafka-2:9092", "kafka-3:9092"}, brokers)
		for flag, want := range map[string]string{"data": haihe.Volumes[0].Target, "advertise": name + ":8080", "secret-file": haihe.Volumes[1].Target + "/secret"} {
			value, err := serve.Flags().GetString(flag)
			require.NoError(t, err)
			assert.Equal(t, want, value)
		}
	}
}
