// Keeps the conversation of the page in this browser; the oldest ones go where there is no more room.
// A collection with a name has conversations of its own; no name has a blank in it.
const named = location.pathname.match(/\/collections\/([\w-]+)\/$/)
const PREFIX = named ? `rag-collection ${named[1]} ` : 'rag-conversation-'

function kept() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))
  return keys.sort((one, other) => (JSON.parse(localStorage[one]).time < JSON.parse(localStorage[other]).time ? -1 : 1))
}

watch('value', () => {
  const conversation = JSON.parse(props.value)
  const key = PREFIX + conversation.id
  const entry = { time: new Date().toISOString(), title: conversation.turns[0].question, conversation: props.value }
  for (;;) {
    try {
      localStorage.setItem(key, JSON.stringify(entry))
      break
    } catch {
      const oldest = kept().find((other) => other !== key)
      if (!oldest) break
      localStorage.removeItem(oldest)
    }
  }
  window.dispatchEvent(new Event('conversations'))
})
