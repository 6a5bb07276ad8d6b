// What a reader has chosen, and how it changes. Every change is painted once, in the next frame.

// What a new film leaves as it is.
const TASTE = [
  "view", "drag", "heat", "contour", "outline", "colours", "opacity", "threshold", "gamma", "inverted",
]
const CLOSEST = 32 // screen pixels for one of the film
const NARROWEST = 0.005
const MOST_PRESETS = 5 // keys
// Of what a reader has chosen, what holds at the next visit too.
const KEPT = ["heat", "contour", "outline", "colours", "opacity", "threshold"]
const STORE = "chest-reader-viewer"
let taste = remembered() // of the viewer touched last: the page of the next film may be built anew
let alone = false // whether heat was drawn in one pane, before another view drew it
let preset = null // the window that was chosen last, by its name: each film has its own of that name
let moved = null // where a reader moved that window's ends, as shares of it
let map = null // the map that was chosen last, by its name

/** The state in which a film is first seen. `zoom`: pixels of the screen (of the device, not of CSS)
 * for one of the film; `x`, `y`: what of the film is in a pane's middle. */
function fresh({ header, film }) {
  const { low, high } = chosenWindow(header)
  const equalised = preset === header.texts.equalised && header.windows.length < MOST_PRESETS
  const known = header.colours.some(({ name }) => name === taste.colours)
  return {
    drag: "window", swipe: 0.5, distance: null, ...NO_DRAFT, linked: true,
    fitted: true, zoom: 1, x: film.width / 2, y: film.height / 2,
    low, high, gamma: 1, equalised, inverted: false, flippedH: false, flippedV: false,
    // The film by itself, until its reader asks for more.
    view: "one", heat: false, contour: true, outline: false, layer: chosenLayer(header),
    opacity: header.opacity, threshold: header.threshold,
    ...taste,
    ...(header.linked ? { view: "one" } : {}), // two films have no room for two panes each
    ...(taste.drag === "measure" && !header.units.pixel_mm ? { drag: "window" } : {}),
    ...(taste.drag === "box" && !header.boxing ? { drag: "window" } : {}),
    colours: known ? taste.colours : header.colours[0].name,
  }
}

function change(viewer, patch) {
  const before = { ...viewer.state }
  Object.assign(viewer.state, patch)
  // One of two films on a page has one pane for want of room, which says nothing of taste.
  const chosen = TASTE.filter(name => name in patch && !(viewer.header.linked && name === "view"))
  for (const name of chosen) taste[name] = patch[name]
  if (chosen.length) keep()
  schedule(viewer)
  follow(viewer, before, patch)
}

/** The reader's settings of an earlier visit; none where the browser keeps nothing. */
function remembered() {
  try {
    const found = JSON.parse(localStorage.getItem(STORE)) ?? {}
    return Object.fromEntries(KEPT.filter(name => name in found).map(name => [name, found[name]]))
  } catch {
    return {}
  }
}

function keep() {
  try {
    localStorage.setItem(STORE, JSON.stringify(Object.fromEntries(KEPT.map(name => [name, taste[name]]))))
  } catch {
    // A browser that keeps nothing: they hold for this visit.
  }
}

/** What dragging does from now on; a box that is half drawn is given up. */
function chooseTool(viewer, drag) {
  change(viewer, { drag, ...NO_DRAFT })
}

function schedule(viewer) {
  viewer.frame ??= requestAnimationFrame(() => {
    viewer.frame = null
    paint(viewer)
  })
}

/** As the film was first seen, but for the class and the reader's taste; by its first window. */
function reset(viewer) {
  delete taste.gamma
  delete taste.inverted
  preset = null
  const { layer, view } = viewer.state
  const { low, high, linked, ...others } = fresh(viewer)
  change(viewer, { ...others, layer, view })
  choosePreset(viewer, 1)
}

/** The place of the map of the name that was chosen last; of the film's first where it has none such. */
function chosenLayer({ layers, layer }) {
  const place = layers.findIndex(({ name }) => name === map)
  return place < 0 ? layer : place
}

function chooseLayer(viewer, layer) {
  map = viewer.header.layers[layer].name
  change(viewer, { layer })
}

/** One pane, or a way to see the film and its heat at once, for which there must be heat. */
function setView(viewer, view) {
  const was = viewer.state
  if (view === "one") return change(viewer, was.view === "one" ? { view } : { view, heat: alone })
  if (was.view === "one") alone = was.heat
  change(viewer, { view, heat: true })
}

function setWindow(viewer, width, level) {
  const half = clamp(width, NARROWEST, 1) / 2
  const middle = clamp(level, 0, 1)
  const [low, high] = [middle - half, middle + half]
  const { name, low: from, high: to } = namedWindow(viewer.header)
  preset = name
  moved = [low, high].map(end => (end - from) / (to - from))
  change(viewer, { low, high, equalised: false })
}

/** Whether the film has a window of the name that was chosen last. */
const offersPreset = ({ windows }) => windows.some(({ name }) => name === preset)

/** The film's window of the name that was chosen last; its first where it has none of that name. */
function namedWindow({ windows }) {
  return windows.find(({ name }) => name === preset) ?? windows[0]
}

/** The same window with its ends where the reader moved them. */
function chosenWindow(header) {
  const { low, high } = namedWindow(header)
  if (!moved) return { low, high }
  const [from, to] = moved
  return { low: low + from * (high - low), high: low + to * (high - low) }
}

/** The window on a key, from 1. Where there are fewer than five, the one after the last equalises.
 * A linked film takes its own window of that name. */
function choosePreset(viewer, number) {
  const { windows, texts } = viewer.header
  const name = [...windows.map(({ name }) => name), texts.equalised][number - 1]
  if (!name || number > MOST_PRESETS) return
  const linked = isLinked(viewer) ? [...together].filter(isLinked) : []
  preset = name
  moved = null
  for (const one of new Set([viewer, ...linked])) showPreset(one)
}

function showPreset(viewer) {
  const { header } = viewer
  const found = offersPreset(header)
  if (found) Object.assign(viewer.state, chosenWindow(header))
  if (found || preset === header.texts.equalised) viewer.state.equalised = !found
  schedule(viewer)
}

/** Zoomed by a factor; what lies at a pane's point (in its pixels, by default its middle) stays. */
function zoomBy(viewer, factor, at = middle(viewer)) {
  const { state, shot } = viewer
  const step = stepOf(state)
  const furthest = Math.min(1, fittingZoom(viewer) / 2)
  const zoom = clamp(state.zoom * factor, furthest, CLOSEST)
  const nearer = 1 - state.zoom / zoom // of the way from the middle to the point
  change(viewer, {
    fitted: false,
    zoom,
    x: state.x + (nearer * (at.x - shot.width / 2)) / step.x,
    y: state.y + (nearer * (at.y - shot.height / 2)) / step.y,
  })
}

/** The film moved by so many pixels of its pane; some of it stays in the middle. */
function panBy(viewer, right, down) {
  const { state, film } = viewer
  const step = stepOf(state)
  change(viewer, {
    fitted: false,
    x: clamp(state.x - right / step.x, 0, film.width),
    y: clamp(state.y - down / step.y, 0, film.height),
  })
}

/** How far one pixel of the film is on the screen, rightwards and down: negative where flipped. */
const stepOf = ({ zoom, flippedH, flippedV }) => ({
  x: flippedH ? -zoom : zoom,
  y: flippedV ? -zoom : zoom,
})
const middle = ({ shot }) => ({ x: shot.width / 2, y: shot.height / 2 })
const onFilm = (shot, { x, y }) => ({ x: (x - shot.left) / shot.stepX, y: (y - shot.top) / shot.stepY })
const fittingZoom = ({ shot, film }) => Math.min(shot.width / film.width, shot.height / film.height)
