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
