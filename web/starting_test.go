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

// While the log of who may do what is read, a session is neither let in, as it may have been ended, nor told that it is none,
// as a page would give up what it waits to send.
func TestASessionWhileTheServiceStarts(t *testing.T) {
	var read atomic.Bool
	s := newService(t, func(c *Config) { c.AccessRead = read.Load })
	early := s.call(Exporter, "tiles", "GET", "/api/me", nil)
	s.refused(early, 503, "")
	assert.Equal(t, "2", early.header.Get("Retry-After"))
	read.Store(true)
	assert.Equal(t, 200, s.call(Exporter, "tiles", "GET", "/api/me", nil).status)
}
