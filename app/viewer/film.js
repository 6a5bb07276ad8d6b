// The film: its bytes, its pixels at any zoom, and what a window makes of them.

const WHITE = 65535
const SMALLEST_PX = 64
const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array }

const clamp = (value, low, high) => Math.min(high, Math.max(low, value))

/** The header of a package, and a function from a plane's place to its array (see package.py). */
function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = 4 + view.getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start)))
  const plane = place => {
    const begin = start + place.offset
    const raw = bytes.slice(begin, begin + place.bytes) // a copy: a view may lie askew in memory
    const [height, width] = place.shape
    return { pixels: new ARRAYS[place.type](raw.buffer), width, height }
  }
  return { header, plane }
}

/** The film and its halves, quarters and so on, all 0 to 65535, so that one lookup serves each. */
function pyramid(film) {
  const deep = film.pixels instanceof Uint16Array
  const whole = { ...film, pixels: deep ? film.pixels : Uint16Array.from(film.pixels, v => v * 257) }
  const levels = [whole]
  for (let last = whole; Math.max(last.width, last.height) > SMALLEST_PX; last = levels.at(-1)) {
    levels.push(halved(last))
  }
  return levels
}

function halved({ pixels, width, height }) {
  const half = { width: (width + 1) >> 1, height: (height + 1) >> 1 }
  half.pixels = new Uint16Array(half.width * half.height)
  for (let y = 0, at = 0; y < half.height; y++) {
    const above = 2 * y * width
    const below = Math.min(2 * y + 1, height - 1) * width
    for (let x = 0; x < half.width; x++, at++) {
      const left = 2 * x
      const right = Math.min(left + 1, width - 1)
      const sum = pixels[above + left] + pixels[above + right] + pixels[below + left] + pixels[below + right]
      half.pixels[at] = (sum + 2) >> 2
    }
  }
  return half
}

/** How bright each stored grey is, float 0 to 1, under a window: low is black, high is white. */
function windowed(low, high, gamma) {
  const bright = new Float32Array(WHITE + 1)
  const black = low * WHITE
  const range = Math.max(1e-6, (high - low) * WHITE)
  for (let grey = 0; grey <= WHITE; grey++) {
    bright[grey] = Math.min(1, Math.max(0, (grey - black) / range)) ** (1 / gamma)
  }
  return bright
}

/** How bright each stored grey is where each is to be as frequent as any: the share darker. */
function equalised(level, gamma) {
  const counts = new Uint32Array(WHITE + 1)
  for (const grey of level.pixels) counts[grey]++
  const bright = new Float32Array(WHITE + 1)
  const darkest = counts[counts.findIndex(count => count > 0)]
  const others = Math.max(1, level.pixels.length - darkest)
  for (let grey = 0, darker = -darkest; grey <= WHITE; grey++) {
    darker += counts[grey]
    bright[grey] = Math.max(0, darker / others) ** (1 / gamma)
  }
  return bright
}

/** The same as screen pixels, opaque grey, 0xAABBGGRR. */
function screened(bright, inverted) {
  const lookup = new Uint32Array(bright.length)
  for (let grey = 0; grey < bright.length; grey++) {
    const shade = Math.round(255 * (inverted ? 1 - bright[grey] : bright[grey]))
    lookup[grey] = 0xff000000 | (shade << 16) | (shade << 8) | shade
  }
  return lookup
}

/** Along one side of a pane: which screen pixels show the film, and which stored ones each lies
 * between. `start`: where the film's first edge is on the screen; `step`: screen pixels for one of
 * the film, negative where it is flipped. */
function axis(screen, start, step, size, levelSize, shrunk) {
  const ends = [start, start + step * size].sort((a, b) => a - b)
  const first = Math.min(screen, Math.max(0, Math.ceil(ends[0] - 0.5)))
  const last = Math.max(first, Math.min(screen, Math.ceil(ends[1] - 0.5)))
  const before = new Int32Array(screen)
  const after = new Int32Array(screen)
  const share = new Float32Array(screen)
  for (let at = first; at < last; at++) {
    const place = (at + 0.5 - start) / step / shrunk - 0.5
    const floor = Math.floor(place)
    before[at] = Math.min(levelSize - 1, Math.max(0, floor))
    after[at] = Math.min(levelSize - 1, Math.max(0, floor + 1))
    share[at] = place - floor
  }
  return { first, last, before, after, share }
}

/** The film's greys at each pixel of a pane, bilinear, from the level of the pyramid that is at
 * least as fine as the screen. */
function sample(levels, shot) {
  const index = Math.min(levels.length - 1, Math.max(0, Math.floor(-Math.log2(shot.zoom))))
  const { pixels, width, height } = levels[index]
  const shrunk = 2 ** index
  const across = axis(shot.width, shot.left, shot.stepX, levels[0].width, width, shrunk)
  const down = axis(shot.height, shot.top, shot.stepY, levels[0].height, height, shrunk)
  const greys = new Uint16Array(shot.width * shot.height)
  const { before, after, share } = across
  for (let y = down.first; y < down.last; y++) {
    const above = down.before[y] * width
    const below = down.after[y] * width
    const part = down.share[y]
    let at = y * shot.width + across.first
    for (let x = across.first; x < across.last; x++, at++) {
      const left = before[x]
      const right = after[x]
      const weight = share[x]
      const upper = pixels[above + left] + (pixels[above + right] - pixels[above + left]) * weight
      const lower = pixels[below + left] + (pixels[below + right] - pixels[below + left]) * weight
      greys[at] = upper + (lower - upper) * part + 0.5
    }
  }
  return { greys, across, down }
}

/** Sampled greys through a lookup, into an ImageData of the pane: black where no film is. */
function develop({ greys, across, down }, lookup, picture) {
  const shown = new Uint32Array(picture.data.buffer)
  shown.fill(0xff000000)
  for (let y = down.first; y < down.last; y++) {
    const row = y * picture.width
    for (let at = row + across.first; at < row + across.last; at++) shown[at] = lookup[greys[at]]
  }
}
