// Saves the Markdown that the service made of a conversation as a file.
watch('value', () => {
  if (!props.value) return
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([props.value], { type: 'text/markdown' }))
  link.download = 'conversation.md'
  link.click()
  URL.revokeObjectURL(link.href)
})
