// Boxes that the reader draws around opacities, in fractions of the film's width and height.

const SMALLEST_BOX = 0.01 // of the film's side; less is a slip of the hand
const MOST_BOXES = 20
const boxesOf = new Map() // a film's name for its boxes to its boxes, as long as the page is open

const boxes = ({ header }) => boxesOf.get(header.boxing) ?? []

/** The box between two points of a pane, as fractions of the film, kept inside of it. */
function boxBetween({ shot, film }, from, to) {
  const [a, b] = [onFilm(shot, from), onFilm(shot, to)]
  const share = (value, size) => clamp(value / size, 0, 1)
  const xs = [share(a.x, film.width), share(b.x, film.width)].sort((p, q) => p - q)
  const ys = [share(a.y, film.height), share(b.y, film.height)].sort((p, q) => p - q)
  return [xs[0], ys[0], xs[1], ys[1]]
}

/** Keeps the box that was being drawn, if it is one. */
function finishBox(viewer) {
  const { draft } = viewer.state
  if (!draft) return
  const [left, top, right, bottom] = draft
  change(viewer, { draft: null })
  if (right - left < SMALLEST_BOX || bottom - top < SMALLEST_BOX) return
  if (boxes(viewer).length < MOST_BOXES) putBoxes(viewer, [...boxes(viewer), draft])
}

const removeBox = viewer => putBoxes(viewer, boxes(viewer).slice(0, -1))

function putBoxes(viewer, drawn) {
  boxesOf.set(viewer.header.boxing, drawn)
  viewer.tellBoxes({ film: viewer.header.boxing, boxes: drawn })
  schedule(viewer)
}

function drawBoxes(viewer, context) {
  const { shot, film, state } = viewer
  const path = new Path2D()
  for (const [left, top, right, bottom] of [...boxes(viewer), ...(state.draft ? [state.draft] : [])]) {
    path.rect(left * film.width, top * film.height, (right - left) * film.width, (bottom - top) * film.height)
  }
  line(context, shot, path, READER)
}
