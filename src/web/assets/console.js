// The console in the browser: keys, ticking clocks, answers, lost connections, notifications. Works without it too.
{
  const silence = 35_000
  const meta = document.querySelector('meta[name="dr-clock"]')?.content ?? `${Date.now()} 1`
  const [startedAt, rate] = meta.split(' ').map(Number)
  const live = document.getElementById('live')
  const lost = document.getElementById('lost')
  const command = document.getElementById('command')
  const answer = document.getElementById('answer')
  let clock = { at: startedAt, seen: performance.now() }
  let heard = performance.now()
  let lostSince

  const two = (number) => String(number).padStart(2, '0')

  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ]

  /** Writes the same as `printClock` of the bot. */
  function clockText(duration) {
    const seconds = Math.floor(Math.abs(duration) / 1_000)
    const largest = units.findIndex(([, size]) => seconds >= size)
    if (largest === -1) return '0s'
    const shown = units.slice(largest, largest + 2)
    const counts = shown.map(([unit, size], index) => [
      Math.floor((index === 0 ? seconds : seconds % shown[0][1]) / size),
      unit,
    ])
    return counts.map(([count, unit]) => (count > 0 ? `${count}${unit}` : '')).join('')
  }

  function tick() {
    const now = clock.at + (performance.now() - clock.seen) * rate
    for (const time of document.querySelectorAll('time.tick')) {
      const { until, since } = time.dataset
      const duration = until === undefined ? Math.max(0, now - Number(since)) : Number(until) - now
      const how = until === undefined ? 'ago' : duration < 0 ? 'over' : 'left'
      const text = `${clockText(duration)} ${how}`
      if (time.textContent !== text) time.textContent = text
      time.classList.toggle('over', duration < 0)
    }
    if (live && !document.hidden && performance.now() - heard > silence) connectionLost()
  }

  function connectionLost(signedOut = false) {
    lostSince ??= new Date()
    const time = `${two(lostSince.getHours())}:${two(lostSince.getMinutes())}:${two(lostSince.getSeconds())}`
    const text = signedOut
      ? 'You are signed out. Open a new link to sign in; what you see here is no longer brought up to date.'
      : `Connection lost since ${time}; trying again. ${lost.dataset.help}`
    if (lost.textContent !== text) lost.textContent = text
    lost.hidden = false
    document.body.classList.add('stale')
  }

  function connected() {
    heard = performance.now()
    lostSince = undefined
    lost.hidden = true
    document.body.classList.remove('stale')
  }

  function followStream() {
    live.addEventListener('htmx:sse:after:connection', connected)
    live.addEventListener('htmx:sse:after:message', () => (heard = performance.now()))
    live.addEventListener('beat', (event) => {
      connected()
      clock = { at: Number(event.detail.data), seen: performance.now() }
    })
    live.addEventListener('htmx:sse:error', (event) => connectionLost(event.detail.status === 401))
    // The very first connection is not tried again by itself.
    for (const name of ['htmx:error', 'htmx:response:error'])
      live.addEventListener(name, (event) => {
        if (event.target !== live) return
        connectionLost(event.detail.ctx?.response?.status === 401)
        setTimeout(() => live.dispatchEvent(new Event('again')), 3_000)
      })
  }

  const typing = (target) => target.closest?.('input, textarea, select, [contenteditable], dialog[open]')
  let leader = 0

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Escape' && event.target === command) command.blur()
    if (typing(event.target)) return
    if (event.key === '/') {
      event.preventDefault()
      command?.focus()
    } else if (event.key === 'g') {
      leader = performance.now()
    } else if (performance.now() - leader < 1_500) {
      leader = 0
      document.querySelector(`nav a[data-key="${CSS.escape(event.key)}"]`)?.click()
    }
  }

  function onAnswer(event) {
    const { sourceElement, target } = event.detail.ctx ?? {}
    const given = answer.querySelector('.given')
    if (!given || target !== answer) return
    // The form may be gone by now, with what it was about.
    sourceElement.closest('dialog')?.close()
    if (sourceElement.matches('.command') && given.dataset.status === 'done') command.value = ''
    scrollTo({ top: 0 })
  }

  /** No answer at all: whether the command was carried out is not known, and is said. */
  function onFailure(event) {
    const form = event.detail.ctx?.sourceElement ?? event.target
    if (!form?.matches?.('form')) return
    form.closest('dialog')?.close()
    answer.textContent = `The bot did not answer, so it is not known whether this was carried out. ${lost.dataset.help}`
  }

  function showTitle() {
    const { value } = document.getElementById('title')
    if (document.title !== value) document.title = value
  }

  /** Tells a person who allowed it that a page has begun, with a sound; each page once. */
  const told = new Set()
  function tellPages() {
    for (const page of document.querySelectorAll('[data-page]')) {
      if (told.has(page.dataset.page)) continue
      told.add(page.dataset.page)
      if (globalThis.Notification?.permission !== 'granted') continue
      const notice = new Notification('You are being paged', {
        body: page.dataset.text,
        tag: page.dataset.page,
        requireInteraction: true,
      })
      notice.addEventListener('click', () => focus())
      beep()
    }
  }

  function beep() {
    const context = new AudioContext()
    for (const start of [0, 0.35, 0.7]) {
      const tone = new OscillatorNode(context, { frequency: 880 })
      tone.connect(new GainNode(context, { gain: 0.15 })).connect(context.destination)
      tone.start(context.currentTime + start)
      tone.stop(context.currentTime + start + 0.2)
    }
    setTimeout(() => context.close(), 2_000)
  }

  function offerNotifications() {
    const button = document.getElementById('notify')
    if (!button || !('Notification' in globalThis) || Notification.permission !== 'default') return
    button.hidden = false
    button.addEventListener('click', () => {
      void Notification.requestPermission()
      button.hidden = true
    })
  }

  /** A double click is one press: the second would fall on whatever the first has put there. */
  function onClick(event) {
    const button = event.target.closest('button')
    if (!button) return
    if (event.detail > 1) {
      event.preventDefault()
      event.stopPropagation()
    } else if (button.dataset.opens) {
      event.preventDefault()
      document.getElementById(button.dataset.opens).showModal()
    } else if ('dismiss' in button.dataset) {
      answer.replaceChildren()
    }
  }

  document.addEventListener('keydown', onKey)
  document.addEventListener('click', onClick, true)
  setInterval(tick, 1_000 / Math.min(4, Math.max(1, rate)))
  tick()
  if (live) {
    followStream()
    document.addEventListener('htmx:after:swap', onAnswer)
    document.addEventListener('htmx:error', onFailure)
    document.addEventListener('htmx:after:swap', tellPages)
    document.addEventListener('htmx:after:swap', showTitle)
    // A tab in the background keeps its stream only where it is to tell of pages; browsers allow few at once.
    if (globalThis.Notification?.permission === 'granted') htmx.config.sse.pauseOnBackground = false
    tellPages()
    offerNotifications()
  }
}
