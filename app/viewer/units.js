// The file's own units: its values, millimetres, and which side of the patient is which.

const RULES_MM = [1, 2, 5, 10, 20, 50, 100, 200]
const LONGEST_RULE_PX = 150
const PRECISION = 4 // digits of values that are no whole numbers

/** The file's value at a share, 0 to 1, of the film's range. */
const valueAt = ({ darkest, brightest }, share) => darkest + share * (brightest - darkest)

const rounded = (value, whole) =>
  whole ? String(Math.round(value)) : String(Number(value.toPrecision(PRECISION)))

/** One grey in words: the file's value, or its share of the range where that is not known. */
function valueInWords({ units, texts }, share) {
  if (units.values) return rounded(valueAt(units.values, share), units.values.whole)
  return filled(texts.share, { share: (100 * share).toFixed(1) })
}

/** Width and level of a window in words. Of whole numbers as DICOM counts them (PS3.3 C.11.2.1.2):
 * the width is one more than from black to white, and the level half a step above their middle. */
function windowInWords({ units: { values }, texts }, state) {
  const [apart, between] = [width(state), level(state)]
  if (!values) {
    const share = value => filled(texts.share, { share: (100 * value).toFixed(0) })
    return { width: share(apart), level: share(between) }
  }
  const span = Math.abs(values.brightest - values.darkest) * apart
  return {
    width: rounded(span + (values.whole ? 1 : 0), values.whole),
    level: rounded(valueAt(values, between) + (values.whole ? 0.5 : 0), values.whole),
  }
}

/** A length on the film in words. `mm`: of the ruler, whole; of a distance, to a tenth. */
function lengthInWords({ units, texts }, mm, digits) {
  const words = mm >= 10 && digits === 0
    ? filled(texts.centimetres, { length: mm / 10 })
    : filled(texts.millimetres, { length: mm.toFixed(digits) })
  return units.at_detector ? filled(texts.at_detector, { length: words }) : words
}

/** The ruler's length in mm and in CSS pixels: the longest round one that there is room for, in a
 * quarter of the pane at most. */
function rule({ header: { units }, shot }) {
  const pxPerMm = shot.zoom / units.pixel_mm / devicePixels()
  const room = Math.min(LONGEST_RULE_PX, shot.width / devicePixels() / 4)
  const fitting = RULES_MM.filter(mm => mm * pxPerMm <= room)
  const mm = fitting.at(-1) ?? RULES_MM[0]
  return { mm, px: mm * pxPerMm }
}

/** The patient's side at the left edge of a pane, and at the right one, as the film is shown. */
function sidesInWords({ header: { texts }, state }) {
  const sides = [texts.right, texts.left] // the standard hanging of a frontal film
  return state.flippedH ? sides.reverse() : sides
}

/** In which ways the film is not shown as the file has it. */
const turnedInWords = ({ header: { texts }, state }) => [
  state.inverted && texts.inverted_shown, state.flippedH && texts.mirrored, state.flippedV && texts.flipped,
].filter(Boolean)
