// Markers are links: choosing one opens the article beside the answer, at the quoted words. Buttons copy answers.
let opener = null
const desk = () => document.getElementById('desk')

function show() {
  const mark = element.querySelector('mark')
  const title = element.querySelector('h2')
  if (title) title.focus({ preventScroll: true })
  if (mark) mark.scrollIntoView({ block: 'center' })
}

function close() {
  desk().classList.remove('evidence-open')
  if (opener && opener.isConnected) opener.focus()
}

async function copy(button) {
  const lines = [...button.nextElementSibling.childNodes]
  const text = lines.map((node) => (node.nodeName === 'BR' ? '\n' : node.textContent)).join('')
  const label = button.textContent
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // The clipboard is closed to pages that are neither local nor encrypted.
    const area = document.createElement('textarea')
    area.value = text
    document.body.append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
    button.focus()
  }
  button.textContent = 'Copied'
  setTimeout(() => (button.textContent = label), 1500)
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href^="#passage?"]')
  const button = event.target.closest('button.copy')
  if (link) {
    event.preventDefault()
    if (!element.contains(link)) opener = link
    desk().classList.add('evidence-open')
    trigger('open', { passage: link.getAttribute('href').slice('#passage?'.length) })
    show()
  }
  if (button) copy(button)
  if (event.target.closest('button.close')) close()
})

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && desk().classList.contains('evidence-open')) close()
})

watch('value', show)

// Gradio labels each message with its raw HTML, which a screen reader would read out, and a calendar not at all.
new MutationObserver(() => {
  for (const calendar of document.querySelectorAll('button.calendar:not([aria-label])')) calendar.setAttribute('aria-label', 'Choose a day')
  for (const message of document.querySelectorAll('#chat [data-testid][aria-label]')) message.removeAttribute('aria-label')
}).observe(document.body, { childList: true, subtree: true })
