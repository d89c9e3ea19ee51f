// Lists the conversations that this browser keeps. Their words are set as text, never as markup.
// A collection with a name has conversations of its own; no name has a blank in it.
const named = location.pathname.match(/\/collections\/([\w-]+)\/$/)
const PREFIX = named ? `rag-collection ${named[1]} ` : 'rag-conversation-'

function entries() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))
  const found = []
  for (const key of keys) {
    try {
      const { time, title, conversation } = JSON.parse(localStorage[key])
      found.push({ key, time: String(time), title: String(title), conversation: String(conversation) })
    } catch {
      localStorage.removeItem(key)
    }
  }
  return found.sort((one, other) => (one.time < other.time ? 1 : -1))
}

function button(label, name, run) {
  const made = document.createElement('button')
  made.type = 'button'
  made.className = name
  made.textContent = label
  made.addEventListener('click', run)
  return made
}

function draw() {
  const list = element.querySelector('ul')
  list.replaceChildren()
  for (const { key, time, title, conversation } of entries()) {
    const item = document.createElement('li')
    const day = document.createElement('span')
    day.className = 'day'
    day.textContent = new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
    const open = button(title, 'title', () => trigger('open', { conversation }))
    const save = button('Export', 'export', () => trigger('export', { conversation }))
    const remove = button('Delete', 'delete', () => {
      localStorage.removeItem(key)
      trigger('forget', { id: key.slice(PREFIX.length) })
      draw()
    })
    save.setAttribute('aria-label', `Export as Markdown: ${title}`)
    remove.setAttribute('aria-label', `Delete: ${title}`)
    item.append(open, day, save, remove)
    list.append(item)
  }
  if (!list.childElementCount) {
    const none = document.createElement('li')
    none.className = 'none'
    none.textContent = 'No conversation yet.'
    list.append(none)
  }
}

window.addEventListener('conversations', draw)
window.addEventListener('storage', draw)
draw()
