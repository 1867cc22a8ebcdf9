package live

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestPlansLeaveRoomForDecisions: a solve is followed by a rest, longer where many commands go together, but never so long that plans
// are old.
func TestPlansLeaveRoomForDecisions(t *testing.T) {
	const ms = time.Millisecond
	assert.Equal(t, 30*ms, restAfter(10*ms, 1))
	assert.Equal(t, 30*ms, restAfter(10*ms, 7))
	assert.Equal(t, 400*ms, restAfter(10*ms, 8))
	assert.Equal(t, 900*ms, restAfter(300*ms, 64))
	assert.Equal(t, 2*time.Second, restAfter(5*time.Second, 64))
}
