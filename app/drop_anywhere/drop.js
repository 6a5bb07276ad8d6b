// Where files are dropped beside every place for files, the page's first one gets them.

const PLACE = '[data-testid="stFileUploaderDropzone"]'
let listening = null // one page has one of these

const holdsFiles = event => [...(event.dataTransfer?.types ?? [])].includes("Files")
const isInPlace = event => event.composedPath().some(node => node.matches?.(PLACE))

export default function ({ parentElement }) {
  const veil = parentElement.querySelector(".veil")
  listening?.abort()
  const mine = (listening = new AbortController())
  const { signal } = mine
  const over = event => {
    if (!holdsFiles(event)) return
    veil.hidden = isInPlace(event) || !document.querySelector(PLACE)
    if (!veil.hidden) event.preventDefault() // or the browser shows the file in place of the page
  }
  const dropped = event => {
    veil.hidden = true
    const place = document.querySelector(PLACE)
    if (!holdsFiles(event) || isInPlace(event) || !place) return
    event.preventDefault()
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
