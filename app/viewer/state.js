// What a reader has chosen, and how it changes. Every change is painted once, in the next frame.

const TASTE = ["view", "colours", "opacity", "outline"] // what a new film leaves as it is
const CLOSEST = 32 // screen pixels for one of the film
const NARROWEST = 0.005
let taste = {} // of the viewer touched last: the page of the next film may be built anew

/** The state in which a film is first seen. `zoom`: pixels of the screen (of the device, not of CSS)
 * for one of the film; `x`, `y`: what of the film is in a pane's middle. */
function fresh({ header, film }) {
  const { low, high } = header.windows[0]
  const known = header.colours.some(({ name }) => name === taste.colours)
  return {
    drag: "window", swipe: 0.5,
    fitted: true, zoom: 1, x: film.width / 2, y: film.height / 2,
    low, high, gamma: 1, equalised: false, inverted: false, flippedH: false, flippedV: false,
    heat: true, contour: true, outline: true, layer: header.layer,
    opacity: header.opacity, threshold: header.threshold,
    ...taste,
    view: header.alone ? "blended" : (taste.view ?? "side"),
    colours: known ? taste.colours : header.colours[0].name,
  }
}

function change(viewer, patch) {
  Object.assign(viewer.state, patch)
  // One of two films on a page is shown blended for want of room, which says nothing of taste.
  const kept = TASTE.filter((name) => name in patch && !(viewer.header.alone && name === "view"))
  for (const name of kept) taste[name] = patch[name]
  schedule(viewer)
}

function schedule(viewer) {
  viewer.frame ??= requestAnimationFrame(() => {
    viewer.frame = null
    paint(viewer)
  })
}

/** As the film was first seen, but for the class and the reader's taste. */
function reset(viewer) {
  const { layer, drag } = viewer.state
  change(viewer, { ...fresh(viewer), layer, drag })
}

function setWindow(viewer, width, level) {
  const half = clamp(width, NARROWEST, 1) / 2
  const middle = clamp(level, 0, 1)
  change(viewer, { low: middle - half, high: middle + half, equalised: false })
}

/** The window on a key, from 1. Where there are fewer than five, the one after the last equalises. */
function choosePreset(viewer, number) {
  const { windows } = viewer.header
  if (number <= windows.length) {
    const { low, high } = windows[number - 1]
    change(viewer, { low, high, equalised: false })
  } else if (number === windows.length + 1 && number <= 5) {
    change(viewer, { equalised: true })
  }
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
