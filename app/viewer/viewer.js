// The viewer's life: built once in its place on the page, given a package, and another.

const viewers = new WeakMap() // place on the page to the viewer in it

const PARTS = [
  "plain", "marked", "markedName", "verdict", "divider", "why", "scale", "bar", "cold", "hot", "attention", "note", "help", "keys",
  "presets", "layer", "colours", "outlineButton",
  "linkedButton", "measureButton", "boxButton", "unboxButton", "placing", "said", "answer", ...Object.keys(SLIDERS),
]

function built(place) {
  const root = place.querySelector(".viewer")
  const parts = Object.fromEntries(PARTS.map(id => [id, root.querySelector(`#${id}`)]))
  const viewer = { root, parts, kept: {}, frame: null, digest: null }
  bindControls(viewer)
  bindKeys(viewer)
  bindPointers(viewer)
  bindDivider(viewer)
  viewer.observer = new ResizeObserver(() => schedule(viewer))
  viewer.observer.observe(parts.marked)
  watchDensity(viewer)
  return viewer
}

/** Paints anew on a screen of other pixels, which leaves the pane's size as it was. */
function watchDensity(viewer) {
  const screen = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`)
  screen.addEventListener("change", () => {
    if (!viewer.root.isConnected) return
    schedule(viewer)
    watchDensity(viewer)
  }, { once: true })
}

/** Takes a package in. The same film keeps its state, at whatever resolution it comes, and another
 * begins afresh. */
function load(viewer, data) {
  const { header, plane } = unpack(data)
  if (header.digest === viewer.digest) return
  const before = viewer.header
  viewer.header = header
  if (before?.identity !== header.identity) {
    viewer.film = plane(header.film)
    viewer.levels = pyramid(viewer.film)
    viewer.state = fresh(viewer)
    // Opened from a list, which may leave it below the screen's edge.
    if (header.steps || header.linked) requestAnimationFrame(() => viewer.root.scrollIntoView())
  } else {
    if (String(before.film.shape) !== String(header.film.shape)) rescale(viewer, plane(header.film))
    const others = before.layer !== header.layer || before.layers.length !== header.layers.length
    if (others || !header.layers[viewer.state.layer]) viewer.state.layer = chosenLayer(header)
    if (offersPreset(header) && !offersPreset(before)) showPreset(viewer)
  }
  viewer.heats = header.layers.map(layer => plane(layer.heat))
  viewer.tables = Object.fromEntries(header.colours.map(({ name, table }) => [name, plane(table).pixels]))
  viewer.opacityTable = header.opacityColours && plane(header.opacityColours).pixels
  if (!viewer.tables[viewer.state.colours]) viewer.state.colours = header.colours[0].name
  viewer.lungs = header.lungs && isoline(raised(plane(header.lungs)), 0.5, viewer.film)
  viewer.kept = {}
  viewer.digest = header.digest
  if (header.linked) together.add(viewer)
  else together.delete(viewer)
  nameControls(viewer)
}

/** The same film in other pixels: what is seen of it stays where it is. */
function rescale(viewer, film) {
  const { state } = viewer
  const ratio = film.width / viewer.film.width
  Object.assign(state, { zoom: state.zoom / ratio, x: state.x * ratio, y: state.y * ratio })
  state.distance = state.distance?.map(end => end * ratio) ?? null
  viewer.film = film
  viewer.levels = pyramid(film)
}

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  if (!data) return
  let viewer = viewers.get(parentElement)
  if (viewer?.root !== parentElement.querySelector(".viewer")) {
    viewer?.observer.disconnect()
    together.delete(viewer)
    viewer = built(parentElement)
    viewers.set(parentElement, viewer)
  }
  viewer.step = where => setTriggerValue("step", where)
  viewer.tellBoxes = drawn => setStateValue("boxes", drawn)
  load(viewer, data)
  schedule(viewer)
  return () => {
    viewer.observer.disconnect()
    cancelAnimationFrame(viewer.frame)
    together.delete(viewer)
    viewers.delete(parentElement)
  }
}
