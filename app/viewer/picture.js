// The right pane as a picture file, with what it is not written under it.

const LINE_PX = 22
const LETTER_PX = 13

async function savePicture(viewer) {
  const { parts, header } = viewer
  const picture = burned(parts.marked.querySelector("canvas"), caption(viewer))
  const blob = await picture.convertToBlob({ type: "image/png" })
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = isDrawn(viewer) ? header.texts.picture_name : header.texts.film_name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** Whether heat lies on the radiograph: it is on, and not withheld. */
function isDrawn({ header, state }) {
  return state.heat && header.layers[state.layer].shown
}

/** What was drawn, of which map, and how the film lies: R and L are no part of the canvas. */
function caption(viewer) {
  const { header: { texts, layers, units }, state, parts } = viewer
  const sides = units.sides_known ? [sidesInWords(viewer).join(" … ")] : []
  return [
    !isDrawn(viewer) ? texts.film_burned
      : layers[state.layer].kind === "opacity" ? texts.opacity_burned : texts.burned,
    parts.markedName.textContent,
    [...turnedInWords(viewer), ...sides].join(" · "),
  ].filter(Boolean)
}

/** A canvas with lines of text in a strip below it, as many as they need. */
function burned(canvas, sentences) {
  const fine = devicePixels() // the words are as large as on the page
  const [line, edge] = [LINE_PX * fine, 8 * fine]
  const lines = sentences.flatMap(sentence => broken(sentence, canvas.width - 2 * edge))
  const picture = new OffscreenCanvas(canvas.width, canvas.height + line * lines.length + edge)
  const context = picture.getContext("2d")
  context.fillRect(0, 0, picture.width, picture.height)
  context.drawImage(canvas, 0, 0)
  context.font = font()
  context.fillStyle = "white"
  context.textBaseline = "middle"
  lines.forEach((text, at) => context.fillText(text, edge, canvas.height + edge / 2 + (at + 0.5) * line))
  return picture
}

const font = () => `${LETTER_PX * devicePixels()}px system-ui, sans-serif`

/** A sentence as lines of a width at most. */
function broken(sentence, width) {
  const context = new OffscreenCanvas(1, 1).getContext("2d")
  context.font = font()
  const lines = [""]
  for (const word of sentence.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim()
    if (context.measureText(longer).width <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}
