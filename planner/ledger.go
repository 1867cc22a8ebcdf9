package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kinds of entries of the ledger.
const (
	EntryEpochBegun       = "EpochBegun"       // a leader takes over; entries of older epochs count no more
	EntryRequestAccepted  = "RequestAccepted"  // a request is in, as new or as amended
	EntryRequestWithdrawn = "RequestWithdrawn" // and taken back
	EntryBookingQuoted    = "BookingQuoted"    // a price, fixed until Expires; takes no room
	EntryBookingHeld      = "BookingHeld"      // room kept until Expires
	EntryBookingConfirmed = "BookingConfirmed" // room promised
	EntryBookingDisrupted = "BookingDisrupted" // it cannot run as confirmed; its owner decides
	EntryBookingRestored  = "BookingRestored"  // it can run as confirmed after all
	EntryBookingRebooked  = "BookingRebooked"  // by another way
	EntryBookingDeparted  = "BookingDeparted"  // its first cargo is on the way
	EntryBookingStored    = "BookingStored"    // all of it is in the warehouse
	EntryBookingReleased  = "BookingReleased"  // all of it has left the warehouse
	EntryBookingCancelled = "BookingCancelled" // by its owner
	EntryBookingExpired   = "BookingExpired"   // quote or hold ran out
	KindLedger            = "ledger"           // of the key of an entry
	aspectEntry           = "entry"            // of the same
	maxReasons            = 100                // of one entry
	maxRooms              = 1000               // of one entry
	hashBytes             = 2 * sha256.Size    // in hexadecimal
	forksKept             = 4096               // hashes of entries that were passed over
	LedgerFormat          = "haihe.ledger/1"   // of a LedgerSnapshot
	genesis               = "0000000000000000000000000000000000000000000000000000000000000000"
	maxLedgerText         = 500 // bytes of ids of commands and of leaders
)

var entryKinds = []string{EntryEpochBegun, EntryRequestAccepted, EntryRequestWithdrawn, EntryBookingQuoted, EntryBookingHeld,
	EntryBookingConfirmed, EntryBookingDisrupted, EntryBookingRestored, EntryBookingRebooked, EntryBookingDeparted,
	EntryBookingStored, EntryBookingReleased, EntryBookingCancelled, EntryBookingExpired}

// LedgerEntry is one decision. Unlike a fact it counts in one place only: behind the entry whose hash is its Prev,
// and within the epoch that is under way there. Whatever else stands in the log is passed over by every reader alike,
// so that a leader that was replaced, and a record that was written twice, change nothing.
type LedgerEntry struct {
	Seq   uint64    `json:"seq"`   // 1, 2, … along the chain
	Epoch uint64    `json:"epoch"` // of the leader that decided
	Prev  string    `json:"prev"`  // SHA-256 of the value of the entry before, zeros before the first
	Time  time.Time `json:"time"`  // by the leader's clock, never before that of the entry before
	Kind  string    `json:"kind"`

	Leader  string            `json:"leader,omitempty"`  // of EpochBegun: the instance
	Address string            `json:"address,omitempty"` // of EpochBegun: where other instances reach it
	Command string            `json:"command,omitempty"` // names the command, so that it counts once
	Digest  string            `json:"digest,omitempty"`  // of what the command said
	Booking string            `json:"booking,omitempty"`
	Terms   *BookingConfirmed `json:"terms,omitempty"`   // where they are new
	Expires *time.Time        `json:"expires,omitempty"` // of a quote or a hold
	Reasons []string          `json:"reasons,omitempty"`
	Rooms   []Room            `json:"rooms,omitempty"`   // what was published, as the decision saw it
	Request *AcceptedRequest  `json:"request,omitempty"` // of RequestAccepted and RequestWithdrawn

	hash string
	raw  []byte
}

// AcceptedRequest is the fact that a request is, or no longer is, as an entry carries it.
type AcceptedRequest struct {
	ID        string            `json:"id"` // of the event
	Source    string            `json:"source"`
	Sequence  uint64            `json:"sequence"`
	Submitted *RequestSubmitted `json:"submitted,omitempty"`
	Withdrawn string            `json:"withdrawn,omitempty"` // id of the request
}

// Room is the room that a departure or a warehouse had published when a decision took some of it. Of a warehouse it
// goes day by day from From on.
type Room struct {
	Departure string   `json:"departure,omitempty"`
	M3        float64  `json:"m3,omitempty"`
	Kg        float64  `json:"kg,omitempty"`
	Warehouse string   `json:"warehouse,omitempty"`
	From      string   `json:"from,omitempty"`
	FreeM3    PerDay   `json:"free_m3,omitempty"`
	Said      []string `json:"said"` // ids of the events that published it, the one that holds last
}

// Type is LedgerEntry.
func (*LedgerEntry) Type() string { return "LedgerEntry" }

// Key names the place of the entry.
func (e *LedgerEntry) Key() Key {
	return Key{KindLedger, strconv.FormatUint(e.Seq, 10), aspectEntry}
}

// Hash is the SHA-256 of the entry as it stands in the log, in hexadecimal; empty before Seal or Sealed.
func (e *LedgerEntry) Hash() string { return e.hash }

// Raw is the entry as it stands in the log.
func (e *LedgerEntry) Raw() []byte { return e.raw }

// Seal writes the entry as JSON and hashes it. It panics if there is no JSON for it; Validate finds what has none.
func (e *LedgerEntry) Seal() {
	raw, err := json.Marshal(e)
	if err != nil {
		panic("planner: " + err.Error())
	}
	e.Sealed(raw)
}

// Sealed takes raw as what stands in the log.
func (e *LedgerEntry) Sealed(raw []byte) {
	sum := sha256.Sum256(raw)
	e.raw, e.hash = slices.Clone(raw), hex.EncodeToString(sum[:])
}

// Validate checks that the entry has what its kind needs.
func (e *LedgerEntry) Validate() error {
	return check(func(fe *fieldErrors) {
		if e.Seq == 0 || e.Epoch == 0 {
			fe.add("seq", "must be from 1 on, as must epoch, got %d and %d", e.Seq, e.Epoch)
		}
		if len(e.Prev) != hashBytes || strings.Trim(e.Prev, "0123456789abcdef") != "" {
			fe.add("prev", "must be 64 hexadecimal digits, got %s", short(e.Prev))
		}
		fe.time("time", e.Time)
		fe.oneOf("kind", e.Kind, entryKinds...)
		fe.text("leader", e.Leader, maxLedgerText)
		fe.text("address", e.Address, maxLedgerText)
		fe.text("command", e.Command, maxLedgerText)
		fe.text("digest", e.Digest, maxLedgerText)
		if e.Expires != nil {
			fe.time("expires", *e.Expires)
		}
		if len(e.Reasons) > maxReasons {
			fe.add("reasons", "must be at most %d, got %d", maxReasons, len(e.Reasons))
		}
		switch e.Kind {
		case EntryEpochBegun:
			if e.Leader == "" {
				fe.add("leader", "is missing")
			}
		case EntryRequestAccepted, EntryRequestWithdrawn:
			e.validateRequest(fe)
		default:
			e.validateBooking(fe)
		}
	})
}

func (e *LedgerEntry) validateRequest(fe *fieldErrors) {
	r := e.Request
	switch {
	case r == nil:
		fe.add("request", "is missing")
	case r.ID == "" || r.Source == "" || r.Sequence == 0:
		fe.add("request", "lacks id, source or sequence")
	case (e.Kind == EntryRequestAccepted) != (r.Submitted != nil), (e.Kind == EntryRequestWithdrawn) != (r.Withdrawn != ""):
		fe.add("request", "must have submitted where it is accepted, and withdrawn where it is withdrawn")
	case r.Submitted != nil:
		if err := r.Submitted.Validate(); err != nil {
			fe.add("request.submitted", "%v", err)
		}
	}
}

func (e *LedgerEntry) validateBooking(fe *fieldErrors) {
	fe.id("booking", e.Booking)
	if e.Terms != nil {
		if e.Terms.Booking != e.Booking {
			fe.add("terms.booking", "must be that of the entry, %s, got %s", short(e.Booking), short(e.Terms.Booking))
		}
		if err := e.Terms.Validate(); err != nil {
			fe.add("terms", "%v", err)
		}
	}
	if e.Terms == nil && (e.Kind == EntryBookingQuoted || e.Kind == EntryBookingRebooked) {
		fe.add("terms", "is missing")
	}
	if e.Expires == nil && (e.Kind == EntryBookingQuoted || e.Kind == EntryBookingHeld) {
		fe.add("expires", "is missing")
	}
	if len(e.Rooms) > maxRooms {
		fe.add("rooms", "must be at most %d, got %d", maxRooms, len(e.Rooms))
	}
	for i := range e.Rooms {
		r := &e.Rooms[i]
		back := fe.under(element("rooms", i))
		if (r.Departure == "") == (r.Warehouse == "") {
			fe.add("departure", "or warehouse must be set, and not both")
		}
		fe.nonNeg("m3", r.M3)
		fe.nonNeg("kg", r.Kg)
		if r.Warehouse != "" {
			fe.perDay("free_m3", r.FreeM3, 0)
			fe.date("from", r.From)
		}
		back()
	}
}

// LedgerHead is how far the chain goes.
type LedgerHead struct {
	Seq    uint64    `json:"seq"`
	Epoch  uint64    `json:"epoch"`
	Hash   string    `json:"hash"`
	Time   time.Time `json:"time"`
	Leader string    `json:"leader,omitempty"` // of the epoch
	// Address is where other instances reach the leader.
	Address string `json:"address,omitempty"`
}

// Link says where an entry stands to the chain.
type Link int

// An entry that Follows is the next of the chain. One that is Passed was fenced, or written twice. A Break hangs on
// nothing that is known: an entry before it is missing or altered, or it is a forgery.
const (
	Follows Link = iota
	Passed
	Break
)

// Event is the record of a sealed entry on the log.
func (e *LedgerEntry) Event() Event {
	return Event{ID: "ledger:" + e.hash, Source: "/ledger", Sequence: e.Seq, Time: e.Time, Fact: e}
}

// Chain checks entries as they come from the log. The zero Chain is before the first.
type Chain struct {
	head  LedgerHead
	forks map[string]bool // hashes that something that was passed over may hang on
	order []string        // of forks, oldest first
	aside []Fork          // those that an entry may hang on that would else be a break, for snapshots

	expected LedgerHead
	// Broken is the first of the entries that hang on nothing, behind the last that follows; nil where there is none.
	Broken *BrokenLink
}

// Fork is an entry that was passed over though the chain had not come further: what hangs on it is no break.
type Fork struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}

// BrokenLink says where a chain breaks.
type BrokenLink struct {
	Seq             uint64
	Expected, Found string // Prev
}

func (b *BrokenLink) Error() string {
	return fmt.Sprintf("the ledger breaks before its entry %d: the hash of the entry before it is %s, the entry says %s; entries between are missing or altered",
		b.Seq, b.Expected, b.Found)
}

// Expect gives the chain the head that was acknowledged: an entry of that Seq with another hash breaks it.
func (c *Chain) Expect(h LedgerHead) { c.expected = h }

// Check says what is wrong with a chain that was read to its end and had been acknowledged up to a head; the zero
// head is none.
func (c *Chain) Check(acknowledged LedgerHead) error {
	h := c.Head()
	switch {
	case c.Broken != nil:
		return c.Broken
	case h.Seq < acknowledged.Seq:
		return &CutLedger{acknowledged, h}
	case acknowledged.Seq > 0 && h.Seq == acknowledged.Seq && h.Hash != acknowledged.Hash:
		return &BrokenLink{acknowledged.Seq + 1, acknowledged.Hash, h.Hash}
	}
	return nil
}

// CutLedger says that a ledger ends before what was acknowledged.
type CutLedger struct{ Acknowledged, Found LedgerHead }

func (c *CutLedger) Error() string {
	return fmt.Sprintf("the ledger was acknowledged up to its entry %d, hash %s, and ends at entry %d, hash %s: %d entries are missing",
		c.Acknowledged.Seq, c.Acknowledged.Hash, c.Found.Seq, c.Found.Hash, c.Acknowledged.Seq-c.Found.Seq)
}

// Head is how far the chain goes.
func (c *Chain) Head() LedgerHead {
	h := c.head
	if h.Hash == "" {
		h.Hash = genesis
	}
	return h
}

// Take says where an entry stands, and goes on behind it if it follows.
func (c *Chain) Take(e *LedgerEntry) Link {
	h := c.Head()
	switch {
	case e.Seq == c.expected.Seq && e.Prev == h.Hash && e.hash != c.expected.Hash && e.fits(&h):
		c.Broken = &BrokenLink{e.Seq, c.expected.Hash, e.hash}
		return Break
	case e.Prev == h.Hash && e.Seq == h.Seq+1 && e.fits(&h):
		c.remember(h.Hash)
		h.Seq, h.Epoch, h.Hash, h.Time = e.Seq, e.Epoch, e.hash, e.Time
		if e.Kind == EntryEpochBegun {
			h.Leader, h.Address = e.Leader, e.Address
		}
		c.head, c.Broken = h, nil
		c.aside = slices.DeleteFunc(c.aside, func(f Fork) bool { return f.Seq < h.Seq })
		return Follows
	case e.Prev == h.Hash, e.Seq <= h.Seq, c.forks[e.Prev]:
		if e.hash != h.Hash {
			c.remember(e.hash) // what was built on it is passed over too
			if e.Seq >= h.Seq {
				c.setAside(Fork{e.Seq, e.hash})
			}
		}
		return Passed
	}
	if c.Broken == nil {
		c.Broken = &BrokenLink{e.Seq, h.Hash, e.Prev}
	}
	return Break
}

// fits reports whether an entry's epoch may follow.
func (e *LedgerEntry) fits(h *LedgerHead) bool {
	if e.Kind == EntryEpochBegun {
		return e.Epoch > h.Epoch
	}
	return e.Epoch == h.Epoch && h.Epoch > 0
}

// Clone returns a copy that goes its own way.
func (c *Chain) Clone() *Chain {
	d := *c
	d.forks, d.order, d.aside = maps.Clone(c.forks), slices.Clone(c.order), slices.Clone(c.aside)
	return &d
}

// setAside notes a fork for snapshots.
func (c *Chain) setAside(f Fork) {
	if slices.Contains(c.aside, f) {
		return
	}
	if len(c.aside) >= forksKept {
		c.aside = append(c.aside[:0], c.aside[1:]...)
	}
	c.aside = append(c.aside, f)
}

func (c *Chain) remember(hash string) {
	if c.forks == nil {
		c.forks = map[string]bool{}
	}
	if c.forks[hash] {
		return
	}
	c.forks[hash] = true
	c.order = append(c.order, hash)
	if len(c.order) > forksKept {
		delete(c.forks, c.order[0])
		c.order = c.order[1:]
	}
}
