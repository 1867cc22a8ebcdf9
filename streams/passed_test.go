package streams

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPassedForgetsTheOldest(t *testing.T) {
	var p passed
	for i := range passedKept + 1 {
		assert.False(t, p.has([]byte(strconv.Itoa(i))))
		p.add([]byte(strconv.Itoa(i)))
		p.add([]byte(strconv.Itoa(i))) // once more takes no place
	}
	assert.False(t, p.has([]byte("0")))
	for i := 1; i <= passedKept; i++ {
		assert.True(t, p.has([]byte(strconv.Itoa(i))), i)
	}
	assert.Len(t, p.known, passedKept)
}

// One changed byte is another payload: it is looked at anew.
func TestPassedEntryIsNoPassForAnother(t *testing.T) {
	good := []byte(`{"seq":1,"epoch":1,"prev":"0000000000000000000000000000000000000000000000000000000000000000","time":"2027-03-01T00:00:00Z","kind":"EpochBegun","leader":"a"}`)
	assert.NoError(t, checkSchema(ledgerEntryType, good))
	assert.NoError(t, checkSchema(ledgerEntryType, good))
	bad := append([]byte(nil), good...)
	bad[7] = '-'
	assert.Error(t, checkSchema(ledgerEntryType, bad))
	assert.Error(t, checkSchema(ledgerEntryType, bad))
}
