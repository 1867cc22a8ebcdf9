package planner

// Offsets says how far the log has been read: by "topic/partition", the offset to read next.
type Offsets map[string]int64

// Clone returns a copy.
func (o Offsets) Clone() Offsets {
	c := make(Offsets, len(o))
	for k, v := range o {
		c[k] = v
	}
	return c
}

// Cut is what holds after the log was read up to Offsets: Events and Ledger, applied to a new State, give this one
// again but for positions.
type Cut struct {
	Offsets Offsets
	Events  []Event
	Ledger  LedgerSnapshot
}

// State makes the state of a cut.
func (c *Cut) State() *State {
	s := NewState()
	for _, e := range c.Events {
		s.Apply(e)
	}
	s.RestoreLedger(c.Ledger)
	return s
}
