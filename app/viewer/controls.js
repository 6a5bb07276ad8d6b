// Buttons, sliders and lists: what each does, and how all of them show the state.

const ACTIONS = {
  fit: viewer => change(viewer, { fitted: true }),
  native: viewer => zoomBy(viewer, viewer.header.thinning / viewer.state.zoom),
  closer: viewer => zoomBy(viewer, 1.25),
  further: viewer => zoomBy(viewer, 0.8),
  reset,
  unbox: removeBox,
  save: savePicture,
  full: ({ root }) =>
    root.matches(":fullscreen") ? document.exitFullscreen() : root.requestFullscreen(),
  help: ({ parts }) => parts.help.togglePopover(),
}

const toggle = (viewer, name) => change(viewer, { [name]: !viewer.state[name] })

/** Some settings speak in the film's own units. */
const WORDED = {
  width: ({ header, state }) => windowInWords(header, state).width,
  level: ({ header, state }) => windowInWords(header, state).level,
}

// Each slider's value in the state, and what moving it does.
const SLIDERS = {
  width: {
    read: state => width(state),
    write: (viewer, to) => setWindow(viewer, to, level(viewer.state)),
  },
  level: {
    read: state => level(state),
    write: (viewer, to) => setWindow(viewer, width(viewer.state), to),
  },
  gamma: slid("gamma"),
  opacity: slid("opacity"),
  threshold: slid("threshold"),
}

function slid(name) {
  return { read: state => state[name], write: (viewer, to) => change(viewer, { [name]: to }) }
}

const level = ({ low, high }) => (low + high) / 2
const width = ({ low, high }) => high - low
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name])
const BUTTONS = "[data-view], [data-drag], [data-toggle], [data-do]"
const buttonKind = ({ dataset }) => ["view", "drag", "toggle", "do"].find(kind => kind in dataset)

/** Once for each viewer: all that is to be pressed, moved or chosen. */
function bindControls(viewer) {
  const { root, parts } = viewer
  for (const button of root.querySelectorAll(BUTTONS)) {
    const kind = buttonKind(button)
    const name = button.dataset[kind]
    if (kind === "do") button.onclick = () => ACTIONS[name](viewer)
    if (kind === "toggle") button.onclick = () => toggle(viewer, name)
    if (kind === "view") button.onclick = () => setView(viewer, name)
    if (kind === "drag") button.onclick = event => takeTool(viewer, name, event)
  }
  for (const [name, { write }] of Object.entries(SLIDERS)) {
    parts[name].oninput = event => write(viewer, event.target.valueAsNumber)
  }
  parts.layer.onchange = event => chooseLayer(viewer, event.target.selectedIndex)
  parts.colours.onchange = event => change(viewer, { colours: event.target.value })
}

/** A tool's button. Pressed by key or by a screen reader, the box needs no mouse either. */
function takeTool(viewer, name, { detail: clicks }) {
  if (name === "box" && clicks === 0) placeBox(viewer)
  else chooseTool(viewer, name)
}

/** Once for each package: its words and its choices. Text only, whatever is in it. */
function nameControls(viewer) {
  const { root, parts, header } = viewer
  const { texts } = header
  for (const element of root.querySelectorAll("[data-text]")) {
    element.textContent = texts[element.dataset.text]
  }
  for (const element of root.querySelectorAll("[data-name]")) {
    element.setAttribute("aria-label", texts[element.dataset.name])
  }
  for (const button of root.querySelectorAll(BUTTONS)) {
    const name = button.dataset[buttonKind(button)]
    button.setAttribute("aria-label", texts[name])
    button.title = texts[`${name}_long`] ?? texts[name]
    button.querySelector("span").textContent = texts[name]
  }
  root.setAttribute("aria-label", texts.viewer)
  root.style.setProperty("--height", `${header.height}px`)
  parts.layer.replaceChildren(...layerChoices(header))
  parts.colours.replaceChildren(...header.colours.map(({ name }) => new Option(name)))
  parts.presets.replaceChildren(...presetButtons(viewer))
  const pair = ([keys, does]) => [worded("dt", keys), worded("dd", does)]
  parts.keys.replaceChildren(...header.keys.flatMap(pair))
  parts.outlineButton.hidden = !viewer.lungs
  parts.linkedButton.hidden = !header.linked
  parts.measureButton.hidden = !header.units.pixel_mm
  parts.boxButton.hidden = !header.boxing
  parts.answer.textContent = header.answer
  parts.placing.textContent = texts.placing
}

/** The maps to choose from: under a heading for each kind, where there is more than one kind. */
function layerChoices({ layers, texts, opacityColours }) {
  if (!opacityColours) return layers.map(({ name }) => new Option(name))
  return ["opacity", "evidence"].map(kind => {
    const group = document.createElement("optgroup")
    group.label = texts[`group_${kind}`]
    group.append(...layers.filter(layer => layer.kind === kind).map(({ name }) => new Option(name)))
    return group
  })
}

function worded(tag, text) {
  const element = document.createElement(tag)
  element.textContent = text
  return element
}

function presetButtons(viewer) {
  const { windows, texts } = viewer.header
  const names = windows.map(({ name }) => name)
  if (names.length < MOST_PRESETS) names.push(texts.equalised)
  return names.map((name, at) => {
    const button = worded("button", name)
    const key = worded("kbd", at + 1)
    key.ariaHidden = "true"
    button.type = "button"
    button.prepend(key)
    button.setAttribute("aria-label", name)
    button.onclick = () => choosePreset(viewer, at + 1)
    return button
  })
}

/** After each frame: every control, caption and data-* attribute as the state has it. */
function reflect(viewer) {
  const { root, parts, state, header } = viewer
  for (const button of root.querySelectorAll("[data-view], [data-drag], [data-toggle]")) {
    const { view, drag, toggle: name } = button.dataset
    const pressed = view ? state.view === view : drag ? state.drag === drag : state[name]
    button.setAttribute("aria-pressed", pressed)
  }
  for (const [name, { read }] of Object.entries(SLIDERS)) {
    parts[name].value = read(state)
    const words = WORDED[name]?.(viewer) ?? read(state).toFixed(2)
    parts[name].previousElementSibling.textContent = words
    parts[name].setAttribute("aria-valuetext", words)
  }
  parts.layer.selectedIndex = state.layer
  parts.colours.value = state.colours
  ;[...parts.presets.children].forEach((button, at) => {
    const { low, high } = header.windows[at] ?? {}
    const same = !state.equalised && state.low === low && state.high === high
    const pressed = at < header.windows.length ? same : state.equalised
    button.setAttribute("aria-pressed", pressed)
  })
  parts.unboxButton.hidden = !boxes(viewer).length
  // A hidden element keeps no focus, and with it the keys would be lost.
  if (!state.placing && parts.placing.matches(":focus")) root.focus({ preventScroll: true })
  parts.placing.hidden = !state.placing
  reflectPanes(viewer)
  const { width: screenWidth, height: screenHeight, ...place } = viewer.shot
  Object.assign(root.dataset, state, place, { film: header.identity, boxes: boxes(viewer).length })
}

function reflectPanes(viewer) {
  const { parts, state, header } = viewer
  const { texts, layers, described } = header
  const layer = layers[state.layer]
  const isOpacity = layer.kind === "opacity"
  const words = isOpacity
    ? { under: texts.under_opacity, alt: texts.opacity_alt }
    : { under: texts.under_heat, alt: texts.heat_alt }
  const named = !state.heat ? texts.radiograph : layer.shown ? words.under : texts.no_heat
  parts.markedName.textContent = filled(named, layer)
  viewer.root.dataset.drawn = layer.shown // where it is not, its sliders would do nothing
  parts.cold.textContent = isOpacity ? texts.opacity_cold : texts.cold
  parts.hot.textContent = isOpacity ? texts.opacity_hot : texts.hot
  parts.attention.textContent = isOpacity ? texts.opacity_attention : texts.attention
  parts.note.textContent = layer.note
  const withheld = !layer.shown && state.heat // said where the heat would be
  parts.why.textContent = withheld ? "" : layer.why
  parts.why.classList.toggle("doubtful", layer.doubtful)
  parts.verdict.hidden = !withheld
  parts.verdict.textContent = layer.why
  const shades = state.equalised ? texts.shades_equalised : texts.shades
  const numbers = { zoom: (state.zoom / header.thinning).toFixed(2), ...windowInWords(header, state) }
  const looks = [filled(texts.scale, numbers), filled(shades, numbers), ...turnedInWords(viewer)].join("   ")
  for (const corner of viewer.root.querySelectorAll(".looks")) corner.textContent = looks
  reflectUnits(viewer)
  parts.plain.querySelector("canvas").setAttribute("aria-label", described)
  const alt = !state.heat ? described
    : !layer.shown ? `${described}. ${layer.why}`
    : filled(words.alt, { described, name: layer.name, why: layer.why })
  parts.marked.querySelector("canvas").setAttribute("aria-label", alt)
  parts.divider.style.left = `${100 * state.swipe}%`
  parts.divider.setAttribute("aria-valuenow", Math.round(100 * state.swipe))
  parts.bar.style.backgroundImage = gradient(tableOf(viewer), state.threshold)
  parts.colours.disabled = isOpacity // which has colours of its own
  parts.scale.classList.toggle("idle", !layer.shown || !state.heat)
}

/** The ruler, and the patient's sides, in each pane; neither where the file does not say. */
function reflectUnits(viewer) {
  const { root, header } = viewer
  const { pixel_mm: pixelMm, sides_known: sidesKnown } = header.units
  const { mm, px } = pixelMm ? rule(viewer) : {}
  for (const ruler of root.querySelectorAll(".ruler")) {
    ruler.hidden = !pixelMm
    if (!pixelMm) continue
    ruler.firstElementChild.style.width = `${px}px`
    ruler.lastElementChild.textContent = lengthInWords(header, mm, 0)
  }
  const sides = sidesInWords(viewer)
  for (const pane of root.querySelectorAll(".pane")) {
    pane.querySelectorAll(".patient").forEach((side, at) => {
      side.hidden = !sidesKnown
      side.textContent = sides[at]
    })
  }
}

/** The colours from none to strong; nothing below the threshold, where nothing is drawn. */
function gradient(table, threshold) {
  const stops = [`transparent ${100 * threshold}%`]
  for (let at = Math.ceil(threshold * 16); at <= 16; at++) {
    const colour = 3 * Math.round((at / 16) * 255)
    const share = Math.max(threshold, at / 16)
    stops.push(`rgb(${table.slice(colour, colour + 3).join()}) ${100 * share}%`)
  }
  return `linear-gradient(to right, ${stops.join()})`
}
