package web

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A command that names what the service does not know yet is not refused for that while the log is read.
func TestACommandWhileTheServiceStarts(t *testing.T) {
	var ready atomic.Bool
	s := newService(t, func(c *Config) { c.Health = func() Health { return Health{Ready: ready.Load()} } })
	body := requestJSON()
	early := s.call(Exporter, "tiles", "POST", "/api/requests", body)
	s.refused(early, 503, "")
	assert.Equal(t, "2", early.header.Get("Retry-After"))
	ready.Store(true)
	s.refused(s.call(Exporter, "tiles", "POST", "/api/requests", body), 422, "body.origin")
	s.network()
	s.settle()
	assert.Equal(t, 201, s.call(Exporter, "tiles", "POST", "/api/requests", body).status)
}
