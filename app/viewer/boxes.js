// Boxes that the reader draws around opacities, in fractions of the film's width and height: by
// dragging, or by keys that move and size a box that is placed in the pane's middle.

const SMALLEST_BOX = 0.01 // of the film's side; less is a slip of the hand
const FIRST_BOX = 0.2 // of the pane's shorter side, for a box placed by key
const BOX_STEP_PX = 8 // of the screen, for one press of an arrow: the closer the film, the finer
const boxesOf = new Map() // a film's name for its boxes to its boxes, as long as the page is open

const boxes = ({ header }) => boxesOf.get(header.boxing) ?? []
const isFull = viewer => boxes(viewer).length >= viewer.header.most_boxes
const NO_DRAFT = { draft: null, placing: false }

/** The box between two points of a pane, as fractions of the film, kept inside of it. */
function boxBetween({ shot, film }, from, to) {
  const [a, b] = [onFilm(shot, from), onFilm(shot, to)]
  const share = (value, size) => clamp(value / size, 0, 1)
  const xs = [share(a.x, film.width), share(b.x, film.width)].sort((p, q) => p - q)
  const ys = [share(a.y, film.height), share(b.y, film.height)].sort((p, q) => p - q)
  return [xs[0], ys[0], xs[1], ys[1]]
}

/** A box's edges in its pane's pixels, as it is shown: a flipped film's right edge may lie left. */
function edgesInPane({ shot, film }, [left, top, right, bottom]) {
  const across = [left, right].map(x => shot.left + shot.stepX * x * film.width)
  const down = [top, bottom].map(y => shot.top + shot.stepY * y * film.height)
  return {
    left: Math.min(...across), right: Math.max(...across),
    top: Math.min(...down), bottom: Math.max(...down),
  }
}

/** Places a box in the middle of what is seen of the film, for the keys to move and size. */
function placeBox(viewer) {
  const { shot, parts, header } = viewer
  chooseTool(viewer, "box")
  if (isFull(viewer)) return say(viewer, header.texts.boxes_full)
  const half = (FIRST_BOX / 2) * Math.min(shot.width, shot.height)
  const { x, y } = middle(viewer)
  change(viewer, {
    draft: boxBetween(viewer, { x: x - half, y: y - half }, { x: x + half, y: y + half }),
    placing: true,
  })
  parts.placing.hidden = false // at once, to take the focus: there a screen reader leaves us the keys
  parts.placing.focus({ preventScroll: true })
  sayPlace(viewer)
}

/** Moves the box that is being placed, or its lower right corner; it stays inside of the film. */
function shiftBox(viewer, right, down, sizing) {
  const box = edgesInPane(viewer, viewer.state.draft)
  const film = edgesInPane(viewer, [0, 0, 1, 1])
  const step = BOX_STEP_PX * devicePixels()
  const least = side => 2 * SMALLEST_BOX * side // more than a slip, however it is rounded
  const from = sizing
    ? { left: box.left + least(film.right - film.left), top: box.top + least(film.bottom - film.top) }
    : { left: film.left + box.right - box.left, top: film.top + box.bottom - box.top }
  const corner = {
    x: clamp(box.right + right * step, from.left, film.right),
    y: clamp(box.bottom + down * step, from.top, film.bottom),
  }
  const other = sizing
    ? { x: box.left, y: box.top }
    : { x: box.left + corner.x - box.right, y: box.top + corner.y - box.bottom }
  change(viewer, { draft: boxBetween(viewer, other, corner) })
  sayPlace(viewer)
}

/** Keeps the box that was being drawn or placed, if it is one. */
function finishBox(viewer) {
  const { draft } = viewer.state
  if (!draft) return
  const [left, top, right, bottom] = draft
  change(viewer, NO_DRAFT)
  if (right - left < SMALLEST_BOX || bottom - top < SMALLEST_BOX) return
  if (isFull(viewer)) return say(viewer, viewer.header.texts.boxes_full)
  putBoxes(viewer, [...boxes(viewer), draft])
}

function giveUpBox(viewer) {
  change(viewer, NO_DRAFT)
  say(viewer, viewer.header.texts.box_given_up)
}

const removeBox = viewer => putBoxes(viewer, boxes(viewer).slice(0, -1))

function putBoxes(viewer, drawn) {
  boxesOf.set(viewer.header.boxing, drawn)
  viewer.tellBoxes({ film: viewer.header.boxing, boxes: drawn })
  say(viewer, filled(viewer.header.texts.boxes_now, { count: drawn.length }))
  schedule(viewer)
}

/** For those who hear the page, which reads it to them as soon as it changes. */
function say(viewer, words) {
  viewer.parts.said.textContent = words
}

/** Says where the box lies, in shares of the film as it is shown. */
function sayPlace(viewer) {
  const box = edgesInPane(viewer, viewer.state.draft)
  const film = edgesInPane(viewer, [0, 0, 1, 1])
  const across = x => Math.round((100 * (x - film.left)) / (film.right - film.left))
  const down = y => Math.round((100 * (y - film.top)) / (film.bottom - film.top))
  say(viewer, filled(viewer.header.texts.box_place, {
    left: across(box.left), right: across(box.right), top: down(box.top), bottom: down(box.bottom),
  }))
}

function drawBoxes(viewer, context) {
  const { shot, film, state } = viewer
  const path = new Path2D()
  for (const [left, top, right, bottom] of [...boxes(viewer), ...(state.draft ? [state.draft] : [])]) {
    path.rect(left * film.width, top * film.height, (right - left) * film.width, (bottom - top) * film.height)
  }
  line(context, shot, path, READER)
  if (state.placing) drawHandle(viewer, context)
}

/** A filled square on the corner that the keys move, which tells this box from those kept. */
function drawHandle(viewer, context) {
  const { right, bottom } = edgesInPane(viewer, viewer.state.draft)
  const half = 5 * devicePixels()
  context.fillStyle = READER
  context.strokeStyle = HALO
  context.lineWidth = devicePixels()
  context.fillRect(right - half, bottom - half, 2 * half, 2 * half)
  context.strokeRect(right - half, bottom - half, 2 * half, 2 * half)
}
