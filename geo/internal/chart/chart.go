package chart

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/paulmach/orb"
)

// Grid is the unit of the positions that a chart keeps, in degrees.
const Grid = 1e-4

// NoChannel marks an edge over open water.
const NoChannel = 0

// Chart is what the builder makes and the router sails by.
type Chart struct {
	LandStep, LandZero orb.Point // positions of Land are whole steps from zero, as in the TopoJSON that they come from
	Land               []Ring
	Shoals             []Ring
	Nodes              []Node
	Edges              []Edge // every edge once, From < To, sorted
}

// Node is a point where ways may bend.
type Node struct {
	Point orb.Point // on the Grid
	// Before and After are the bearings along the coast that the node stands off, in steps of 360/256 degrees clockwise
	// from north. Both are 0 at a point that ways may pass in any direction.
	Before, After uint8
}

// Edge is a way between two nodes that needs no bend.
type Edge struct {
	From, To int32
	Channel  int    // NoChannel, or 1 + the channel's place among the channels
	Taken    uint64 // the passages that it takes; see [Gates]
}

// Free tells that ways may pass n in any direction.
func (n Node) Free() bool { return n.Before == 0 && n.After == 0 }

// Coast is the direction of the coast on both sides of a node, as vectors to measure with.
type Coast struct{ v, before, after Vec }

// Coast makes ready to ask Tangent of n. There is none at a free node.
func (n Node) Coast() Coast {
	v := At(n.Point)
	east := Vec{-v.Y, v.X, 0}.Unit()
	north := v.Cross(east)
	along := func(turn uint8) Vec {
		t := turns[turn]
		return north.Times(t[1]).Plus(east.Times(t[0]))
	}
	return Coast{v, along(n.Before), along(n.After)}
}

// turns are the sine and cosine of the bearings of Node.
var turns = func() (t [256][2]float64) {
	for i := range t {
		t[i][0], t[i][1] = math.Sincos(float64(i) * (2 * math.Pi / 256))
	}
	return
}()

// Tangent tells whether a straight way between p and the node leaves the coast there on one side: only such ways can be
// part of a shortest one. A way that begins nearer to the coast than the node stands off it is let through.
func (c *Coast) Tangent(p Vec) bool {
	normal := p.Cross(c.v)
	l := normal.Length() // sine of the angle between them
	nm := l * NmPerRad
	if nm < standOffNm {
		return true
	}
	const sixDegrees = 0.105
	slack := l * (sixDegrees + standOffNm/nm)
	b, a := normal.Dot(c.before), normal.Dot(c.after)
	return b > -slack && a > -slack || b < slack && a < slack
}

// standOffNm is about the most that a node stands off its coast.
const standOffNm = 6

const magic = "haihe chart 1\n"

// Encode writes a chart.
func (c *Chart) Encode(w io.Writer) error {
	if _, err := io.WriteString(w, magic); err != nil {
		return err
	}
	z, err := flate.NewWriter(w, flate.BestCompression)
	if err != nil {
		return err
	}
	e := &encoder{}
	for _, x := range []float64{c.LandStep[0], c.LandStep[1], c.LandZero[0], c.LandZero[1]} {
		e.buf = binary.LittleEndian.AppendUint64(e.buf, math.Float64bits(x))
	}
	e.rings(c.Land, c.LandZero, c.LandStep)
	e.rings(c.Shoals, orb.Point{}, orb.Point{Grid, Grid})
	e.uint(len(c.Nodes))
	x, y := 0, 0
	for _, n := range c.Nodes {
		nx, ny := int(math.Round(n.Point[0]/Grid)), int(math.Round(n.Point[1]/Grid))
		e.int(nx - x)
		e.int(ny - y)
		x, y = nx, ny
	}
	for _, n := range c.Nodes {
		e.buf = append(e.buf, n.Before, n.After)
	}
	e.uint(len(c.Edges))
	from, to := int32(0), int32(0)
	for _, d := range c.Edges {
		if d.From != from {
			to = d.From
		}
		e.uint(int(d.From - from))
		e.uint(int(d.To - to))
		from, to = d.From, d.To
	}
	marks, last := 0, 0
	for _, d := range c.Edges {
		if d.Channel != NoChannel || d.Taken != 0 {
			marks++
		}
	}
	e.uint(marks)
	for i, d := range c.Edges {
		if d.Channel != NoChannel || d.Taken != 0 {
			e.uint(i - last)
			e.uint(d.Channel)
			e.buf = binary.AppendUvarint(e.buf, d.Taken)
			last = i
		}
	}
	if _, err := z.Write(e.buf); err != nil {
		return err
	}
	return z.Close()
}

type encoder struct{ buf []byte }

func (e *encoder) uint(x int) { e.buf = binary.AppendUvarint(e.buf, uint64(x)) }
func (e *encoder) int(x int)  { e.buf = binary.AppendVarint(e.buf, int64(x)) }

func (e *encoder) rings(rings []Ring, zero, step orb.Point) {
	e.uint(len(rings))
	for _, r := range rings {
		e.uint(len(r))
		x, y := 0, 0
		for _, p := range r {
			nx, ny := int(math.Round((p[0]-zero[0])/step[0])), int(math.Round((p[1]-zero[1])/step[1]))
			e.int(nx - x)
			e.int(ny - y)
			x, y = nx, ny
		}
	}
}

var errBroken = errors.New("chart: broken: build it anew")

// Decode reads what Encode wrote.
func Decode(raw []byte) (*Chart, error) {
	body, ok := bytes.CutPrefix(raw, []byte(magic))
	if !ok {
		return nil, fmt.Errorf("chart: does not begin with %q", magic)
	}
	plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(body)))
	if err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	d := &decoder{buf: plain}
	c := &Chart{}
	for _, x := range []*float64{&c.LandStep[0], &c.LandStep[1], &c.LandZero[0], &c.LandZero[1]} {
		if len(d.buf) < 8 {
			return nil, errBroken
		}
		*x = math.Float64frombits(binary.LittleEndian.Uint64(d.buf))
		d.buf = d.buf[8:]
	}
	c.Land = d.rings(c.LandZero, c.LandStep)
	c.Shoals = d.rings(orb.Point{}, orb.Point{Grid, Grid})
	c.Nodes = make([]Node, d.count(4))
	x, y := 0, 0
	for i := range c.Nodes {
		x += d.int()
		y += d.int()
		c.Nodes[i].Point = orb.Point{float64(x) * Grid, float64(y) * Grid}
	}
	if len(d.buf) < 2*len(c.Nodes) {
		return nil, errBroken
	}
	for i := range c.Nodes {
		c.Nodes[i].Before, c.Nodes[i].After = d.buf[2*i], d.buf[2*i+1]
	}
	d.buf = d.buf[2*len(c.Nodes):]
	c.Edges = make([]Edge, d.count(2))
	from, to := 0, 0
	for i := range c.Edges {
		if step := d.uint(); step > 0 {
			from += step
			to = from
		}
		to += d.uint()
		if from >= to || to >= len(c.Nodes) {
			return nil, errBroken
		}
		c.Edges[i].From, c.Edges[i].To = int32(from), int32(to)
	}
	i := 0
	for range d.count(3) {
		if i += d.uint(); i >= len(c.Edges) {
			return nil, errBroken
		}
		c.Edges[i].Channel = d.uint()
		taken, n := binary.Uvarint(d.buf)
		if n <= 0 {
			return nil, errBroken
		}
		c.Edges[i].Taken, d.buf = taken, d.buf[n:]
	}
	if d.bad || len(d.buf) > 0 {
		return nil, errBroken
	}
	return c, nil
}

type decoder struct {
	buf []byte
	bad bool
}

func (d *decoder) uint() int {
	x, n := binary.Uvarint(d.buf)
	if n <= 0 || x > math.MaxInt32 {
		d.bad, d.buf = true, nil
		return 0
	}
	d.buf = d.buf[n:]
	return int(x)
}

func (d *decoder) int() int {
	x, n := binary.Varint(d.buf)
	if n <= 0 || x > math.MaxInt32 || x < math.MinInt32 {
		d.bad, d.buf = true, nil
		return 0
	}
	d.buf = d.buf[n:]
	return int(x)
}

// count is a number of things of which each takes at least so many bytes: what is broken must not ask for memory.
func (d *decoder) count(bytesEach int) int {
	n := d.uint()
	if n > len(d.buf)/bytesEach {
		d.bad, d.buf = true, nil
		return 0
	}
	return n
}

func (d *decoder) rings(zero, step orb.Point) []Ring {
	rings := make([]Ring, d.count(1))
	for i := range rings {
		r := make(Ring, d.count(2))
		x, y := 0, 0
		for k := range r {
			x += d.int()
			y += d.int()
			r[k] = orb.Point{zero[0] + float64(x)*step[0], zero[1] + float64(y)*step[1]}
		}
		rings[i] = r
	}
	return rings
}
