package web

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRulesOfRequests: an exporter sees the rules of his own, pauses, resumes and ends them; what is said twice changes nothing more.
func TestRulesOfRequests(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	rules := func(org string) []repeatView {
		var list []repeatView
		s.into(s.call(Exporter, org, "GET", "/api/repeats", nil), 200, &list)
		return list
	}
	ask := func(more ...any) string {
		var made struct{ ID string }
		s.into(s.call(Exporter, "sofas", "POST", "/api/requests", requestJSON(more...)), 201, &made)
		return made.ID
	}
	require.Empty(t, rules("sofas"))
	weekly := ask("repeat", obj{"every": "week"})
	monthly := ask("repeat", obj{"every": "month", "paused": true})
	once := ask()

	list := rules("sofas")
	require.Len(t, list, 2)
	assert.Equal(t, []string{weekly, monthly}, []string{list[0].Request, list[1].Request}, "what is paused comes last")
	assert.Equal(t, 1, list[0].Made)
	assert.Nil(t, list[1].NextReady)
	var is struct{ Request struct{ Ready time.Time } }
	s.into(s.call(Exporter, "sofas", "GET", "/api/requests/"+weekly, nil), 200, &is)
	assert.Equal(t, is.Request.Ready.AddDate(0, 0, 7), *list[0].NextReady)
	assert.Equal(t, list[0].NextReady.AddDate(0, 0, -14), *list[0].NextAsked)
	assert.Empty(t, rules("bikes"), "another's are not seen")
	s.refused(s.call(Exporter, "bikes", "DELETE", "/api/requests/"+weekly+"/repeat", nil), 404, "")
	s.refused(s.call(Exporter, "sofas", "PUT", "/api/requests/"+weekly+"/repeat", obj{"every": "day"}), 422, "body.every")

	for range 2 {
		s.into(s.call(Exporter, "sofas", "PUT", "/api/requests/"+weekly+"/repeat", obj{"every": "week", "paused": true}), 204, nil)
	}
	assert.True(t, rules("sofas")[0].Paused && rules("sofas")[1].Paused)
	s.into(s.call(Exporter, "sofas", "PUT", "/api/requests/"+monthly+"/repeat", obj{"every": "month"}), 204, nil)
	list = rules("sofas")
	assert.Equal(t, monthly, list[0].Request)
	assert.False(t, list[0].Paused)
	for range 2 {
		s.into(s.call(Exporter, "sofas", "DELETE", "/api/requests/"+monthly+"/repeat", nil), 204, nil)
	}
	require.Len(t, rules("sofas"), 1)
	s.into(s.call(Exporter, "sofas", "PUT", "/api/requests/"+once+"/repeat", obj{"every": "month"}), 204, nil)
	require.Len(t, rules("sofas"), 2, "a request that was asked once gets a rule")
	s.into(s.call(Exporter, "sofas", "DELETE", "/api/requests/"+once, nil), 204, nil)
	require.Len(t, rules("sofas"), 1, "withdrawn: its rule is over")
	s.refused(s.call(Exporter, "sofas", "PUT", "/api/requests/"+once+"/repeat", obj{"every": "week"}), 409, "")
}
