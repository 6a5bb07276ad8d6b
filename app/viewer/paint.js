// One frame: the film in its panes, and heat and lines over the one on the right, or the only one.

const OUTLINE = "#56B4E9" // Okabe and Ito's sky blue, as in the reports
const CONTOUR = "#FFFFFF"
const READER = "#F0E442" // their yellow, of what the reader draws
const HALO = "rgba(0, 0, 0, 0.65)"
const FINEST = 2 // more device pixels for one of CSS are not seen, and slow

const devicePixels = () => Math.min(FINEST, window.devicePixelRatio || 1)

/** What was made for a purpose from the same inputs before, or made now. */
function kept(viewer, purpose, inputs, make) {
  const key = JSON.stringify(inputs)
  if (viewer.kept[purpose]?.key !== key) viewer.kept[purpose] = { key, value: make() }
  return viewer.kept[purpose].value
}

/** Where the film lies in each pane, in its pixels: screen = left + stepX * film. */
function shotOf({ state, film }, width, height) {
  if (state.fitted) {
    const zoom = Math.min(width / film.width, height / film.height)
    Object.assign(state, { zoom, x: film.width / 2, y: film.height / 2 })
  }
  const { x: stepX, y: stepY } = stepOf(state)
  // On whole pixels, so that at 1:1 each pixel of the film is one of the screen.
  const left = Math.round(width / 2 - stepX * state.x)
  const top = Math.round(height / 2 - stepY * state.y)
  return { width, height, zoom: state.zoom, stepX, stepY, left, top }
}

function paint(viewer) {
  const began = performance.now()
  const { state, parts, root } = viewer
  root.dataset.view = state.view // first: it sets the panes' size
  const width = Math.floor(parts.marked.clientWidth * devicePixels())
  const height = Math.floor(parts.marked.clientHeight * devicePixels())
  if (!width || !height) return
  viewer.shot = shotOf(viewer, width, height)
  const picture = filmPicture(viewer)
  const panes = state.view === "side" ? ["plain", "marked"] : ["marked"]
  for (const pane of panes) drawn(parts[pane], width, height).putImageData(picture, 0, 0)
  mark(viewer, parts.marked.querySelector("canvas").getContext("2d"))
  for (const pane of panes) {
    const context = parts[pane].querySelector("canvas").getContext("2d")
    drawDistance(viewer, context)
    drawBoxes(viewer, context)
  }
  root.dataset.paintMs = (performance.now() - began).toFixed(2)
  root.dataset.paints = Number(root.dataset.paints ?? 0) + 1
  reflect(viewer)
  point(viewer) // what lies under a cursor that rests may be another pixel now
}

/** A pane's canvas at the pane's size in device pixels. */
function drawn(pane, width, height) {
  const canvas = pane.querySelector("canvas")
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height })
    canvas.style.width = `${width / devicePixels()}px`
    canvas.style.height = `${height / devicePixels()}px`
  }
  return canvas.getContext("2d")
}

function filmPicture(viewer) {
  const { state, shot, levels } = viewer
  const { low, high, gamma, equalised: even, inverted } = state
  const samples = kept(viewer, "samples", shot, () => sample(levels, shot))
  const lookup = kept(viewer, "lookup", [even, low, high, gamma, inverted], () =>
    screened(even ? equalised(levels[0], gamma) : windowed(low, high, gamma), inverted))
  const size = [shot.width, shot.height]
  const picture = kept(viewer, "picture", size, () => new ImageData(...size))
  develop(samples, lookup, picture)
  return picture
}

/** Heat and lines, right of the divider where there is one. */
function mark(viewer, context) {
  const { state, shot, header, film } = viewer
  const from = state.view === "swipe" ? Math.round(state.swipe * shot.width) : 0
  const layer = header.layers[state.layer]
  context.save()
  context.beginPath()
  context.rect(from, 0, shot.width - from, shot.height)
  context.clip()
  if (layer.shown && state.heat) {
    context.setTransform(shot.stepX, 0, 0, shot.stepY, shot.left, shot.top)
    context.globalAlpha = state.opacity
    context.drawImage(heatCanvas(viewer), 0, 0, film.width, film.height)
    context.globalAlpha = 1
    context.resetTransform()
  }
  if (viewer.lungs && state.outline) line(context, shot, viewer.lungs, OUTLINE)
  if (layer.shown && state.heat && state.contour) line(context, shot, contour(viewer), CONTOUR)
  context.restore()
}

const grid = viewer =>
  kept(viewer, "grid", viewer.state.layer, () => raised(viewer.heats[viewer.state.layer]))

function heatCanvas(viewer) {
  const { layer, colours, threshold } = viewer.state
  return kept(viewer, "heat", [layer, colours, threshold], () =>
    coloured(grid(viewer), tableOf(viewer), threshold))
}

/** The colours of the map that is shown: an opacity map's own, or those that the reader chose. */
const tableOf = ({ state, header, tables, opacityTable }) =>
  header.layers[state.layer].kind === "opacity" ? opacityTable : tables[state.colours]

function contour(viewer) {
  const { layer, threshold } = viewer.state
  return kept(viewer, "contour", [layer, threshold], () =>
    isoline(grid(viewer), threshold, viewer.film))
}

/** A path on the film, stroked at the same width at any zoom. */
function line(context, shot, path, colour) {
  const placed = new Path2D()
  placed.addPath(path, new DOMMatrix([shot.stepX, 0, 0, shot.stepY, shot.left, shot.top]))
  context.lineCap = "round"
  for (const [style, width] of [[HALO, 3.5], [colour, 1.5]]) {
    context.strokeStyle = style
    context.lineWidth = width * devicePixels()
    context.stroke(placed)
  }
}

/** The distance that was measured, as a line with its length in mm beside its end. */
function drawDistance({ state, shot, header }, context) {
  if (!state.distance) return
  const [fromX, fromY, toX, toY] = state.distance
  const path = new Path2D()
  path.moveTo(fromX, fromY)
  path.lineTo(toX, toY)
  line(context, shot, path, READER)
  const mm = Math.hypot(toX - fromX, toY - fromY) * header.units.pixel_mm
  const words = lengthInWords(header, mm, 1)
  const fine = devicePixels()
  context.save()
  context.font = `${13 * fine}px system-ui, sans-serif`
  context.textBaseline = "middle"
  const room = context.measureText(words).width + 12 * fine
  const x = clamp(shot.left + shot.stepX * toX + 8 * fine, 0, Math.max(0, shot.width - room))
  const y = clamp(shot.top + shot.stepY * toY, 12 * fine, shot.height - 12 * fine)
  context.fillStyle = HALO
  context.fillRect(x, y - 10 * fine, room, 20 * fine)
  context.fillStyle = READER
  context.fillText(words, x + 6 * fine, y)
  context.restore()
}
