// A long answer is read from its beginning: the last question comes to the top of the conversation and stays there
// while its answer grows, unless the reader has moved since it was asked.
let asked = 0
let moved = false

function follow() {
  const questions = document.querySelectorAll('#chat .user-row')
  if (questions.length !== asked) moved = false
  asked = questions.length
  if (asked && !moved) questions[asked - 1].scrollIntoView({ block: 'start', behavior: 'instant' })
}

for (const kind of ['wheel', 'touchmove', 'pointerdown', 'keydown']) {
  document.addEventListener(kind, () => (moved = true), { passive: true, capture: true })
}
new MutationObserver((changes) => {
  if (changes.some((change) => change.target.closest?.('#chat'))) follow()
}).observe(document.body, { childList: true, subtree: true })
