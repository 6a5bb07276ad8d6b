// Heat and outlines: small grids over the whole film.

const RAISED_PX = 192 // coarser heat is interpolated to this first: its edge is then a smooth line

/** A grid interpolated between its cells' centres, float 0 to 1, fine enough to draw lines on. */
function raised({ pixels, width, height }) {
  const factor = Math.max(1, Math.ceil(RAISED_PX / Math.max(width, height)))
  const grid = { width: width * factor, height: height * factor }
  grid.values = new Float32Array(grid.width * grid.height)
  const across = axis(grid.width, 0, factor, width, width, 1)
  const down = axis(grid.height, 0, factor, height, height, 1)
  for (let y = 0, at = 0; y < grid.height; y++) {
    const [above, below] = [down.before[y] * width, down.after[y] * width]
    for (let x = 0; x < grid.width; x++, at++) {
      const [left, right, weight] = [across.before[x], across.after[x], across.share[x]]
      const upper = pixels[above + left] + (pixels[above + right] - pixels[above + left]) * weight
      const lower = pixels[below + left] + (pixels[below + right] - pixels[below + left]) * weight
      grid.values[at] = (upper + (lower - upper) * down.share[y]) / 255
    }
  }
  return grid
}

/** Heat as a small canvas: clear below the threshold, full colour from half heat on, so that
 * moderate evidence is seen too. `table`: (256, 3). */
function coloured(grid, table, threshold) {
  const canvas = new OffscreenCanvas(grid.width, grid.height)
  const context = canvas.getContext("2d")
  const picture = context.createImageData(grid.width, grid.height)
  grid.values.forEach((heat, at) => {
    const colour = 3 * Math.round(heat * 255)
    for (let part = 0; part < 3; part++) picture.data[4 * at + part] = table[colour + part]
    picture.data[4 * at + 3] = heat < threshold ? 0 : 255 * Math.min(1, 2 * heat)
  })
  context.putImageData(picture, 0, 0)
  return canvas
}

// Marching squares: for each corner pattern (1 top left, 2 top right, 4 bottom right, 8 bottom
// left), the pairs of sides (0 top, 1 right, 2 bottom, 3 left) that a line joins.
const JOINED = [
  [], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], [[3, 0], [1, 2]], [[0, 2]], [[3, 2]],
  [[2, 3]], [[0, 2]], [[0, 1], [2, 3]], [[1, 2]], [[1, 3]], [[0, 1]], [[0, 3]], [],
]

/** Where a grid crosses a value, as lines in the film's pixels. Beyond the outer cells' centres the
 * grid goes on unchanged to the film's edge. */
function isoline({ values, width, height }, value, film) {
  const path = new Path2D()
  const at = (x, y) => values[clamp(y, 0, height - 1) * width + clamp(x, 0, width - 1)]
  const placed = (x, y) => [
    (clamp(x + 0.5, 0, width) * film.width) / width,
    (clamp(y + 0.5, 0, height) * film.height) / height,
  ]
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const [a, b, c, d] = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)]
      const pattern = (a >= value) + 2 * (b >= value) + 4 * (c >= value) + 8 * (d >= value)
      if (pattern === 0 || pattern === 15) continue
      const crossing = (from, to) => (value - from) / (to - from)
      const sides = [
        () => placed(x + crossing(a, b), y),
        () => placed(x + 1, y + crossing(b, c)),
        () => placed(x + crossing(d, c), y + 1),
        () => placed(x, y + crossing(a, d)),
      ]
      for (const [from, to] of JOINED[pattern]) {
        path.moveTo(...sides[from]())
        path.lineTo(...sides[to]())
      }
    }
  }
  return path
}
