// Mouse, touch and keys. The keys are OHIF's; c and r are Streamlit's own and stay free.

const STRIDE = 0.1 // of a pane, for one press of an arrow

const KEYS = {
  w: viewer => chooseTool(viewer, "window"),
  p: viewer => chooseTool(viewer, "pan"),
  z: viewer => chooseTool(viewer, "zoom"),
  m: viewer => viewer.header.units.pixel_mm && chooseTool(viewer, "measure"),
  b: viewer => viewer.header.boxing && placeBox(viewer),
  Backspace: viewer => boxes(viewer).length && removeBox(viewer),
  s: viewer => setView(viewer, viewer.state.view === "one" ? "side" : "one"),
  f: ACTIONS.full,
  l: viewer => viewer.header.linked && toggle(viewer, "linked"),
  i: viewer => toggle(viewer, "inverted"),
  h: viewer => toggle(viewer, "flippedH"),
  v: viewer => toggle(viewer, "flippedV"),
  o: viewer => toggle(viewer, "outline"),
  t: viewer => toggle(viewer, "heat"),
  "+": ACTIONS.closer,
  "-": ACTIONS.further,
  "=": ACTIONS.fit,
  " ": reset,
  "?": ACTIONS.help,
  ArrowLeft: viewer => stepOrPan(viewer, "previous", STRIDE * viewer.shot.width, 0),
  ArrowRight: viewer => stepOrPan(viewer, "next", -STRIDE * viewer.shot.width, 0),
  ArrowUp: viewer => stepOrPan(viewer, "previous", 0, STRIDE * viewer.shot.height),
  ArrowDown: viewer => stepOrPan(viewer, "next", 0, -STRIDE * viewer.shot.height),
}
for (const number of [1, 2, 3, 4, 5]) KEYS[number] = viewer => choosePreset(viewer, number)

// In place of those above, while a box is being placed.
const PLACING_KEYS = {
  ArrowLeft: (viewer, sizing) => shiftBox(viewer, -1, 0, sizing),
  ArrowRight: (viewer, sizing) => shiftBox(viewer, 1, 0, sizing),
  ArrowUp: (viewer, sizing) => shiftBox(viewer, 0, -1, sizing),
  ArrowDown: (viewer, sizing) => shiftBox(viewer, 0, 1, sizing),
  Enter: finishBox,
  Escape: giveUpBox,
  Backspace: giveUpBox,
}

function stepOrPan(viewer, where, right, down) {
  if (viewer.header.steps) viewer.step(where)
  else panBy(viewer, right, down)
}

/** Whether a control of its own acts on a key: a slider on those that move it, others on all. */
function takesKey(target, key) {
  const control = target.closest("input, select")
  if (control?.type !== "range") return Boolean(control)
  return key.startsWith("Arrow") || ["Home", "End", "PageUp", "PageDown"].includes(key)
}

function bindKeys(viewer) {
  viewer.root.onkeydown = event => {
    const { key, target, ctrlKey, metaKey, altKey, shiftKey } = event
    const name = key.length === 1 ? key.toLowerCase() : key
    const act = (viewer.state.placing && PLACING_KEYS[name]) || KEYS[name]
    if (!act || ctrlKey || metaKey || altKey || takesKey(target, name)) return
    if ((key === " " || key === "Enter") && target.closest("button, summary")) return // it presses
    event.preventDefault()
    event.stopPropagation()
    act(viewer, shiftKey)
  }
}

/** A place on the screen in the pixels of the pane that holds it. */
function inPane(event, pane) {
  const box = pane.getBoundingClientRect()
  const fine = devicePixels()
  return { x: (event.clientX - box.left) * fine, y: (event.clientY - box.top) * fine }
}

const DRAGS = {
  window: (viewer, right, down) => {
    const { state } = viewer
    const reach = width(state) / (150 * devicePixels())
    setWindow(viewer, width(state) + right * reach, level(state) + down * reach)
  },
  pan: panBy,
  zoom: (viewer, right, down, from) => zoomBy(viewer, Math.exp(-down / (150 * devicePixels())), from),
  measure: (viewer, right, down, from, at) => {
    const ends = [from, at].map(point => onFilm(viewer.shot, point))
    change(viewer, { distance: ends.flatMap(({ x, y }) => [x, y]) })
  },
  box: (viewer, right, down, from, at) => change(viewer, { draft: boxBetween(viewer, from, at) }),
}

function bindPointers(viewer) {
  const { root, parts } = viewer
  for (const pane of [parts.plain, parts.marked]) {
    const held = new Map() // pointer to { from, last, drag }
    pane.onpointerdown = event => {
      root.focus({ preventScroll: true })
      pane.setPointerCapture(event.pointerId)
      const from = inPane(event, pane)
      const moves = event.button !== 0 || event.shiftKey
      if (!moves && viewer.state.drag === "measure") change(viewer, { distance: null })
      if (!moves) change(viewer, NO_DRAFT) // of a box that was being placed by keys
      held.set(event.pointerId, { from, last: from, drag: moves ? "pan" : viewer.state.drag })
      if (held.size < 2) return
      for (const pointer of held.values()) pointer.drag = "pan" // the finger left of a pinch draws nothing
      change(viewer, NO_DRAFT)
    }
    pane.onpointermove = event => {
      const at = inPane(event, pane)
      const pointer = held.get(event.pointerId)
      if (held.size === 2) pinch(viewer, held, event.pointerId, at)
      else if (pointer) {
        DRAGS[pointer.drag](viewer, at.x - pointer.last.x, at.y - pointer.last.y, pointer.from, at)
      }
      if (pointer) pointer.last = at
      viewer.pointed = { pane, at }
      point(viewer)
    }
    pane.onpointerup = event => {
      held.delete(event.pointerId)
      if (!viewer.state.placing) finishBox(viewer)
    }
    pane.onpointercancel = event => {
      held.delete(event.pointerId)
      if (!viewer.state.placing) change(viewer, NO_DRAFT)
    }
    pane.onpointerleave = () => {
      viewer.pointed = { pane, at: null }
      point(viewer)
    }
    pane.ondblclick = () => reset(viewer)
    pane.oncontextmenu = event => event.preventDefault()
    const wheel = event => {
      // Over a viewer that nobody has turned to, the wheel is the page's.
      if (!event.ctrlKey && !viewer.root.matches(":focus-within, :fullscreen")) return
      event.preventDefault()
      // Pinched on a trackpad; turned by lines; turned by pixels.
      const speed = event.ctrlKey ? 0.01 : event.deltaMode === 1 ? 0.05 : 0.0015
      zoomBy(viewer, Math.exp(-event.deltaY * speed), inPane(event, pane))
    }
    pane.addEventListener("wheel", wheel, { passive: false })
  }
}

/** Two fingers: the film keeps to both of them. */
function pinch(viewer, held, moved, at) {
  const [still] = [...held].filter(([id]) => id !== moved).map(([, pointer]) => pointer.last)
  const before = held.get(moved).last
  const apart = (a, b) => Math.max(1, Math.hypot(a.x - b.x, a.y - b.y))
  zoomBy(viewer, apart(at, still) / apart(before, still), still)
}

/** The file's value under the cursor, and a cross at the same place in the other pane. */
function point(viewer) {
  const { parts, shot, film, header, pointed } = viewer
  if (!pointed) return
  const { pane, at } = pointed
  const other = pane === parts.plain ? parts.marked : parts.plain
  const cross = other.querySelector(".cross")
  const place = at && onFilm(shot, at)
  const inside = place && place.x >= 0 && place.y >= 0 && place.x < film.width && place.y < film.height
  const [x, y] = inside ? [Math.floor(place.x), Math.floor(place.y)] : []
  const full = film.pixels instanceof Uint16Array ? WHITE : 255
  const share = inside ? film.pixels[y * film.width + x] / full : 0
  const { thinning, texts } = header
  const said = { x: x * thinning, y: y * thinning, grey: valueInWords(header, share) } // in pixels of the file
  const grey = inside ? filled(texts.grey, said) : ""
  for (const corner of viewer.root.querySelectorAll(".grey")) corner.textContent = grey
  cross.hidden = !inside
  if (!inside) return
  cross.style.left = `${at.x / devicePixels()}px`
  cross.style.top = `${at.y / devicePixels()}px`
}

function bindDivider(viewer) {
  const { divider, marked } = viewer.parts
  const put = share => change(viewer, { swipe: clamp(share, 0, 1) })
  divider.onpointerdown = event => {
    event.stopPropagation()
    divider.setPointerCapture(event.pointerId)
  }
  divider.onpointermove = event => {
    event.stopPropagation()
    if (!divider.hasPointerCapture(event.pointerId)) return
    const box = marked.getBoundingClientRect()
    put((event.clientX - box.left) / box.width)
  }
  divider.ondblclick = event => event.stopPropagation()
  const keys = {
    ArrowLeft: swipe => swipe - 0.05,
    ArrowRight: swipe => swipe + 0.05,
    Home: () => 0,
    End: () => 1,
  }
  divider.onkeydown = event => {
    if (!(event.key in keys)) return
    event.preventDefault()
    event.stopPropagation()
    put(keys[event.key](viewer.state.swipe))
  }
}
