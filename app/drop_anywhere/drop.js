// Where files are dropped beside every place for files, the first one in sight gets them.

const PLACE = '[data-testid="stFileUploaderDropzone"]'
let listening = null // one page has one of these

const holdsFiles = event => [...(event.dataTransfer?.types ?? [])].includes("Files")
const placeInSight = () => [...document.querySelectorAll(PLACE)].find(place => place.checkVisibility())
const isInPlace = event => event.composedPath().some(node => node.matches?.(PLACE))

export default function ({ parentElement }) {
  const veil = parentElement.querySelector(".veil")
  listening?.abort()
  const mine = (listening = new AbortController())
  const { signal } = mine
  const over = event => {
    if (!holdsFiles(event)) return
    if (!isInPlace(event)) event.preventDefault() // or the browser shows it in place of the page
    veil.hidden = isInPlace(event) || !placeInSight()
  }
  const dropped = event => {
    veil.hidden = true
    if (!holdsFiles(event) || isInPlace(event)) return
    event.preventDefault()
    const place = placeInSight()
    if (!place) return // a page, or a part of one, that takes no files: nothing happens to it
    const { dataTransfer } = event
    place.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }))
  }
  const left = event => {
    if (!event.relatedTarget) veil.hidden = true
  }
  window.addEventListener("dragover", over, { signal })
  window.addEventListener("drop", dropped, { signal })
  window.addEventListener("dragleave", left, { signal })
  return () => mine.abort()
}
