// Package optimize finds the best plan of a planner.Problem and proves how good it is.
//
// # The model
//
// With x[r,p] the fraction of request r that goes by itinerary p, minimise cost and the value of what stays behind,
// so that each request goes at most once and no departure (m3 and kg) and no warehouse day (m3) holds more than it
// can. There are far too many itineraries to write down (280,000 for 300 requests and 2,000 departures), so they are
// made as they are needed: column generation (Ford and Fulkerson 1958; Desaulniers, Desrosiers and Solomon 2005).
//
// # The method, file by file
//
//   - instance.go compiles the problem to flat arrays with typed indices; times become hours since its start.
//     column.go is one itinerary: its legs, cost, and the capacity rows that it uses, which are implied, not stored.
//     tariff.go is what storage costs by the age of a stay; guides reckon with its least rate.
//
//   - timetable.go sorts, for each class of cargo and set of modes, the departures that take it, and what can change to
//     what. network.go cuts out of it a dated network for each market: just the departures that can be left for a
//     warehouse that serves it, in order of departure. Requests of a kind (market, class, modes) share it, from wherever.
//
//   - pricing.go finds, at given prices of room, the cheapest itinerary of a request: one sweep over the network, as
//     it has no cycles (label setting). A label is the cost of being aboard a departure; it comes from the leg
//     before of the same voyage, from the cheapest arrival that can make the cutoff, or from the origin. Prefix
//     sums of prices make any stay in a warehouse two subtractions, also when it is drawn down linearly:
//     Σ_k (1 − k/T) y[d+k] = (1 + d/T) Σ y − Σ day·y / T. Labels above the best so far are dropped.
//
//   - master.go, simplex.go and inverse.go solve the linear program over the itineraries known, by the primal
//     simplex method with generalised upper bounds (Dantzig and Van Slyke 1967). Each request has a key column that
//     takes what the others leave, and rows with slack stay out of the basis, so all that is inverted is the
//     matrix of full rows by columns of split requests: 120 rows for 300 requests, 400 for 10,000. Every row is
//     there from the start and costs nothing until it is full, so the plan is feasible after every pivot. Its
//     inverse is explicit and follows each pivot by a row, a column, or both; it is made afresh with gonum's
//     LU factors when residuals show that it has drifted. Steps are chosen by Harris' ratio test (1973);
//     capacities are lowered by up to 1e-8, at random, against steps of length zero.
//
//   - guide.go and seek.go make pricing everyone quick. A sweep backward over a network gives, for a group of its
//     requests, the least that a m3 still has to pay after every leg, with rooms in warehouses free; a label that
//     cannot come home below the limit is dropped (A*: Hart, Nilsson and Raphael 1968). Where the limit is the dual
//     price of the request, a handful of labels is left. Before that the way that looks best is gone to its end, for a
//     limit to begin with, and whoever changes at a port later and dearer than another is left out.
//
//   - colgen.go goes back and forth between the two. Pricing every request at the same prices y gives a bound,
//
//     Σ_r min(value[r], least cost of r with prices y) − Σ y·capacity   (Lagrangian; Geoffrion 1974),
//
//     which anyone can recompute from the prices in the plan. parallel.go spreads pricing over goroutines.
//
//   - market.go begins on problems of more than 4,000 requests, or fewer that crowd, where the first pivots would be made at prices that do
//     not last. Everyone is priced in batches while prices move with what is asked for; then requests choose among the
//     itineraries known, softly, and each price follows its own step (resilient propagation: Riedmiller and Braun
//     1993), until pricing everyone finds little new: the bound is then within some 1e-4 of the best.
//
//   - deal.go goes from prices to whole columns, one for each request, by letting requests choose again and again among
//     those that cost about the same, with more and more regard to what they overfill. Where the target is not fine,
//     band.go pivots on from there: prices are kept in a band round what the market found; room left over is sold at
//     the lower edge, excess bought at the upper (stabilised column generation: du Merle et al. 1999).
//
//   - barrier.go, barrier_step.go and dense.go take over where the target is fine: a primal-dual interior-point method
//     (Mehrotra 1992; Gondzio 1996) over the columns known, from the market's prices. Rows of requests are eliminated,
//     so each of its some twenty steps solves one dense system over the rows that may run out. Everyone is priced at
//     its prices, and it begins again with what that found, until the bound is near enough.
//
//   - crossover.go goes from the interior point to a corner of the same cost, where few requests are split (Bixby and
//     Saltzman 1994): the columns with most in the plan make a basis of the simplex method, the others are pushed to
//     zero. From there pivots close what is left, if the plan is to be exact.
//
//   - fit.go cuts and refills shares that ask for more than there is, when a market or a band is stopped early.
//
//   - whole.go, search.go, packing.go and room.go plan requests that must go whole. A second stage of column
//     generation keeps each whole request off departures too small for all of it, which raises the bound (Progress
//     gives it as WholeBound) close to the best whole plan. Its solution is rounded; what was split is placed
//     again by the same pricer in the room that is left; then several searches side by side destroy and repair
//     small parts of the plan (large-neighbourhood search: Shaw 1998; Ropke and Pisinger 2006) and hand the best
//     on at fixed moves. polish.go then plans the requests that may be split anew in the room that the whole ones leave.
//
//   - enumerate.go, pool.go and picker.go do most of that search where up to 4,000 requests must all go whole. The pricer lists every
//     itinerary of a whole request whose reduced cost is below a limit; those that take as much room as a cheaper
//     one, and rows that cannot run out, are dropped. Over such a pool a move needs no pricing, and takes 2 µs: it
//     puts a request on one of its itineraries, pushes out who stands there, and places those again (ejection
//     chains under simulated annealing). A move whose best end is already too dear is dropped half-way.
//
//   - reasons.go and wording.go say why a request stays behind, by pricing variants of it; relax.go finds what change would
//     help, and tries it before it is told. whatif.go solves with it where the plan is the best: it goes on from the optimal
//     basis, prices whom the change concerns, and goes back; once all of a request goes, its dual price is the least value
//     with which it does. insert.go looks elsewhere for a plan that is better for taking the request, in the room that is
//     left or with a few others making way. The work is counted, and ends at a share of the solve's.
//
//   - why.go explains one request of a plan that was stopped early, from the best plan that it leads to.
//
//   - quote.go prices one request, itemised, at the prices of a plan. Guides at these prices are kept by network and density.
//
//   - session.go keeps a solved problem and follows its events, each step a plan with its proof. session_delta.go says what
//     changed and session_patch.go and session_place.go mend the plan: off with what no longer fits, least loss first,
//     then each to the cheapest itinerary with room. session_bound.go brings the proof up to date. For any prices the
//     bound is Σ least − Σ prices·capacity, so less room changes one term, fewer itineraries none, and a late or
//     dearer departure only what those pay at least who could gain by it, which the guides tell. Until that is known it has a price
//     that nobody would pay. Prices of rows go up only while all this lasts, so that what was proven of the others holds.
//     session_network.go mends networks and guides in place: a departure moves to its hour, and guides fall from it backward.
//     Who may gain is told by what a m3 pays at least on the way to the departure, and priced by itineraries through it alone.
//     session_mend.go plans the neighbourhood of a change anew, everyone else fixed load; session_improve.go everything.
//
//   - solve.go and plan.go are the door: Options in, planner.Plan out.
//
// # Units
//
// Hours since the problem's start, days of its horizon, m3, kg, the problem's currency. Costs of a column are for all
// of its request. Rows are scaled to a right-hand side of 1 inside the master only.
//
// # Errors and limits
//
// Solve fails only on a problem that refers to nothing; a time limit or the end of its context gives the best plan so
// far with a bound that holds. The plan depends on the problem, Gap, Seed and Search, never on the number of
// workers, unless a limit cuts it short. A session's plan depends on the calls before it too. The bound of the second stage is true for whole requests but is not in
// the plan, since prices alone do not prove it.
package optimize
