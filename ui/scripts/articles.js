// Choosing an article of the list shows it beside the list, on a narrow window below it.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button.choose')
  if (!button) return
  trigger('choose', { source: button.value })
  if (matchMedia('(max-width: 60rem)').matches) setTimeout(() => document.getElementById('article').scrollIntoView(), 300)
})
