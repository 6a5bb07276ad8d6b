// Two films of a patient beside each other: what is done to one is done to the other.

// What both share as it is. Flips are each film's own: one may be the wrong way round.
const SHARED = [
  "fitted", "gamma", "equalised", "inverted", "drag",
  "heat", "contour", "outline", "opacity", "threshold", "colours",
]
const together = new Set() // viewers of linked films

const isLinked = viewer => viewer.header.linked && viewer.state.linked && viewer.root.isConnected

/** Does to the other film what a change did to this one. `before`: the state that it changed. */
function follow(viewer, before, patch) {
  if ("linked" in patch) return join(viewer)
  if (!isLinked(viewer)) return
  each(viewer, other => {
    for (const name of SHARED) if (name in patch) other.state[name] = patch[name]
    if ("zoom" in patch || "x" in patch || "y" in patch) goTo(other, viewer)
    if ("low" in patch && before.low < before.high) stretch(other, before, viewer.state)
  })
}

function each(viewer, act) {
  for (const other of together) {
    if (other === viewer || !isLinked(other)) continue
    act(other)
    schedule(other)
  }
}

/** Both films together, the other at this one's place; or each by itself. */
function join(viewer) {
  const { linked, fitted } = viewer.state
  for (const other of together) Object.assign(other.state, { linked })
  each(viewer, other => {
    other.state.fitted = fitted
    goTo(other, viewer)
  })
  for (const other of together) schedule(other)
}

/** The same place of the film, as far from fitting into its pane. */
function goTo(other, { state, film, shot }) {
  const closer = other.shot && shot ? state.zoom / fittingZoom({ film, shot }) : 1
  Object.assign(other.state, {
    x: (state.x / film.width) * other.film.width,
    y: (state.y / film.height) * other.film.height,
    zoom: other.shot ? closer * fittingZoom(other) : other.state.zoom,
  })
}

/** The other film's window, widened and moved as this one's was: two machines' values differ, and
 * each film keeps the look that it has. */
function stretch({ state }, before, after) {
  const [from, range] = [state.low, state.high - state.low]
  const share = value => (value - before.low) / (before.high - before.low)
  Object.assign(state, { low: from + range * share(after.low), high: from + range * share(after.high) })
}
