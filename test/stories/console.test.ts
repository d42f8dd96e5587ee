// The console in a real browser: what a person sees, presses and types, with nothing refused by its own policy.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import { outage } from '../edges/web-house.ts'
import { everyPage, visitConsole } from './console-visits.ts'

const { house, reopen, enter, leave } = visitConsole()

/** How many pages watch live, as the bot counts them; up to a second old. */
async function streams(): Promise<number> {
  const text = await (await fetch(`${house().url}/metrics`)).text()
  return Number(/^dr_console_streams (\d+)$/m.exec(text)?.[1])
}

describe('what is open now', () => {
  test('shows who is paged the banner, and its button stops the page', async () => {
    const page = await enter('ann')
    const banner = page.getByRole('alert').filter({ hasText: 'You are being paged' })
    await banner.getByText('api-main HTTPS is CRITICAL').waitFor()

    // The stream has just brought something, so what comes next has to wait for its turn there.
    house().changes.tell('INC-2')
    await banner.getByRole('button', { name: 'I have it' }).click()

    await page.locator('#answer').getByText('INC-3').first().waitFor()
    expect(await banner.count()).toBe(0)
    expect((await house().store.incident('INC-3'))?.state).toMatchObject({
      state: 'diagnosing',
      engineer: 'ann',
    })
    expect(house().said).toContain('ann: ack INC-3')
  })

  test('shows nobody else the banner', async () => {
    const page = await enter('mia')

    expect(await page.getByText('You are being paged').count()).toBe(0)
  })

  test('follows what happens elsewhere without being asked', async () => {
    const page = await enter('bob')
    const card = page.locator('#open-INC-3')
    await card.getByText('Paging').waitFor()

    await house().incidents.input('INC-3', { kind: 'ack', by: { person: 'ann', door: 'cli' } })

    await card.getByText('Diagnosing').waitFor()
    await card.getByText('Ann Onken').waitFor()
    expect(await card.getByRole('button', { name: 'I have it' }).count()).toBe(0)
  })

  test('its clocks tick by themselves', async () => {
    const page = await enter('bob')
    const left = page.locator('#open-INC-2 .objective time')
    expect(await left.textContent()).toMatch(/^5m5\ds left$/)

    await vi.waitFor(async () => expect(await left.textContent()).toMatch(/^5m5[0-4]s left$/), {
      timeout: 10_000,
    })
  })

  test('says when no incident is open', async () => {
    const page = await enter('ann')
    for (const id of ['INC-2', 'INC-3'] as const) {
      await house().incidents.input(id, {
        kind: 'resolve',
        by: { person: 'ann', door: 'cli' },
        what: 'it was a drill',
      })
    }

    await page.getByRole('heading', { level: 1, name: 'No incident is open' }).waitFor()
    expect(await page.locator('.incident').count()).toBe(0)
    await vi.waitFor(async () => expect(await page.title()).toBe('Not all is well · Example Ltd'))
  })
})

describe('an incident', () => {
  test('its timeline grows while a person types, and what was typed stays', async () => {
    const page = await enter('ann')
    await page.goto(`${house().url}/incidents/INC-2`)
    await page.getByLabel('Command').fill('note half a sen')

    await house().incidents.input('INC-2', {
      kind: 'note',
      by: { person: 'bob', door: 'cli' },
      text: 'found the port',
    })

    await page.locator('.timeline').getByText('found the port').waitFor()
    expect(await page.getByLabel('Command').inputValue()).toBe('note half a sen')
  })

  test('a storm of changes costs a page one update a second', async () => {
    const page = await enter('ann')
    await page.goto(`${house().url}/incidents/INC-2`)
    await page.evaluate(() => {
      document.addEventListener('htmx:sse:after:message', () => {
        document.body.dataset['updates'] = String(Number(document.body.dataset['updates'] ?? 0) + 1)
      })
    })

    for (let number = 1; number <= 60; number += 1) {
      const by = { person: 'bob', door: 'cli' } as const
      await house().incidents.input('INC-2', { kind: 'note', by, text: `storm ${number}.` })
    }

    await page.locator('.timeline').getByText('storm 60.').waitFor()
    expect(Number(await page.evaluate(() => document.body.dataset['updates']))).toBeLessThan(5)
  })

  test('a command without an incident is about this one, and its answer is announced', async () => {
    const page = await enter('ann')
    await page.goto(`${house().url}/incidents/INC-2`)

    await page.keyboard.press('/')
    await page.keyboard.type('note rolled back the configuration')
    await page.keyboard.press('Enter')

    await page.locator('.timeline').getByText('rolled back the configuration').waitFor()
    expect(await page.locator('#answer').getAttribute('aria-live')).toBe('polite')
    await page.locator('#answer .given[data-status="done"]').waitFor()
    expect(await page.getByLabel('Command').inputValue()).toBe('')
  })

  test('what the page shows live is answered with a sentence, elsewhere with the whole card', async () => {
    const page = await enter('ann')
    const answer = page.locator('#answer .given')

    await page.getByLabel('Command').fill('extend INC-2 2m from afar')
    await page.keyboard.press('Enter')
    await answer.locator('.fields').waitFor()
    await page.goto(`${house().url}/incidents/INC-2`)
    await page.getByLabel('Command').fill('extend 2m from nearby')
    await page.keyboard.press('Enter')
    await answer.waitFor()

    expect(await answer.locator('.fields').count()).toBe(0)
    expect(await answer.textContent()).toContain('Diagnosis clock')
  })

  test('what was not understood stays in the line, with what to type instead', async () => {
    const page = await enter('ann')

    await page.getByLabel('Command').fill('failovr lb')
    await page.keyboard.press('Enter')

    await page.locator('#answer').getByText('failover').first().waitFor()
    expect(await page.getByLabel('Command').inputValue()).toBe('failovr lb')
  })

  test('a reason is asked for in a dialog, and goes into the command', async () => {
    const page = await enter('ann')
    await page.goto(`${house().url}/incidents/INC-2`)

    await page.getByRole('button', { name: 'More time…' }).click()
    const dialog = page.getByRole('dialog', { name: 'More time' })
    await dialog.getByLabel('Why 10m more?').fill('waiting for the hoster')
    await page.keyboard.press('Enter')

    await vi.waitFor(() => expect(house().said).toContain('ann: extend INC-2 10m waiting for the hoster'))
    await dialog.waitFor({ state: 'hidden' })
  })

  test('a dialog stays open, with what was typed, while the page is brought up to date', async () => {
    const page = await enter('ann')
    await page.goto(`${house().url}/incidents/INC-2`)
    await page.getByRole('button', { name: 'Deny…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Deny' })
    await dialog.getByLabel('Why not?').fill('wrong ta')

    await house().incidents.input('INC-2', {
      kind: 'note',
      by: { person: 'bob', door: 'cli' },
      text: 'meanwhile',
    })
    await page.locator('.timeline').getByText('meanwhile').waitFor()

    expect(await dialog.getByLabel('Why not?').inputValue()).toBe('wrong ta')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
  })

  test('a disruptive run wants the name of its target typed', async () => {
    const page = await enter('ann')
    await page.goto(`${house().url}/runs/R-1`)
    await page.getByRole('button', { name: 'Approve…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Approve' })

    await dialog.getByLabel(/Type api.example.com/).fill('api.example')
    await page.keyboard.press('Enter')
    expect(house().said.filter((text) => text.includes('approve'))).toEqual([])
    await dialog.getByLabel(/Type api.example.com/).fill('api.example.com')
    await page.keyboard.press('Enter')

    await vi.waitFor(() => expect(house().said).toContain('ann: approve R-1 api.example.com'))
  })

  test('the second half of a double click is not a second press, even after the answer came', async () => {
    const page = await enter('ann')
    const button = page.locator('#open-INC-2').getByRole('button', { name: 'Fail over to backup' })
    await button.click()
    await page.locator('#answer .given').waitFor()

    await button.dispatchEvent('click', { detail: 2 })
    await page.locator('#command').fill('status')
    await page.keyboard.press('Enter')
    await vi.waitFor(() => expect(house().said).toContain('ann: status'))

    expect(house().said).toEqual(['ann: failover lb to backup', 'ann: status'])
  })
})

describe('without a script', () => {
  test('buttons, dialogs and the command line work all the same', async () => {
    const page = await enter('ann', { javaScriptEnabled: false })

    await page.locator('#open-INC-3').getByRole('button', { name: 'I have it' }).click()
    await page.locator('#answer .given[data-status="done"]').waitFor()
    await page.locator('#open-INC-3').getByText('Diagnosing').waitFor()

    await page.goto(`${house().url}/incidents/INC-2`)
    await page.getByRole('button', { name: 'Escalate…' }).click()
    await page.getByRole('button', { name: 'Escalate' }).click()
    await page.getByRole('heading', { level: 1, name: /INC-2/ }).waitFor()
    await page.locator('.heading').getByText('Escalated').waitFor()

    await page.getByLabel('Command').fill('note without a script')
    await page.keyboard.press('Enter')
    await page.locator('.timeline').getByText('without a script').waitFor()

    expect(house().said).toEqual(['ann: ack INC-3', 'ann: escalate INC-2', 'ann: note without a script'])
  })

  test('a browser that does not know dialogs gets the question as a page', async () => {
    const page = await enter('ann')
    const form = page.locator('#open-INC-2 form[action="/commands/ask"]').filter({ hasText: 'More time' })

    await form.evaluate((element: HTMLFormElement) => element.submit())
    await page.getByLabel('Why 10m more?').fill('no dialogs here')
    await page.getByRole('button', { name: 'More time' }).click()

    await vi.waitFor(() => expect(house().said).toContain('ann: extend INC-2 10m no dialogs here'))
  })
})

describe('keys', () => {
  test('every page can be reached, and the first stop is the way past the navigation', async () => {
    const page = await enter('ann')
    for (const [key, title] of [
      ['o', 'On-call'],
      ['s', 'Systems'],
      ['r', 'Runs'],
      ['h', 'Help'],
      ['n', 'Open now'],
    ] as const) {
      await page.keyboard.press('g')
      await page.keyboard.press(key)
      await page.getByRole('heading', { level: 1, name: title }).waitFor()
    }

    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to content')
  })

  test('keys do nothing while a person writes', async () => {
    const page = await enter('ann')
    await page.keyboard.press('/')

    await page.keyboard.type('go/')

    expect(await page.getByLabel('Command').inputValue()).toBe('go/')
    expect(new URL(page.url()).pathname).toBe('/')
  })

  test('the command line offers what this person may type, with the ids of now', async () => {
    const page = await enter('ann')
    const offered = await page
      .locator('#commands option')
      .evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value))

    expect(offered).toEqual(
      expect.arrayContaining(['ack INC-3', 'failover lb to backup', 'approve R-1', 'help']),
    )
    const manager = await enter('mia')
    expect(await manager.locator('#commands option[value^="failover"]').count()).toBe(0)
  })
})

describe('the connection', () => {
  test('when the bot is away the page says since when and what to do, and recovers by itself', async () => {
    const page = await enter('ann')
    await page.goto(`${house().url}/incidents/INC-2`)
    await vi.waitFor(async () => expect(await streams()).toBe(1), 5_000)
    const port = Number(new URL(house().url).port)

    await house().close()
    const notice = page.getByRole('alert').filter({ hasText: 'Connection lost since' })
    await notice.waitFor()
    expect(await notice.textContent()).toMatch(/dr status.*call Ann Onken \(\+49/)

    // Its clock goes on: to one that stepped back, the session would come from the future.
    await reopen({ port, start: house().now() })
    await notice.waitFor({ state: 'hidden' })
    await house().incidents.input('INC-2', {
      kind: 'note',
      by: { person: 'bob', door: 'cli' },
      text: 'back again',
    })
    await page.locator('.timeline').getByText('back again').waitFor()
    await leave(page, /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|hx-sse|SSE/)
  })

  test('a session that was taken back ends the stream and says so', async () => {
    const page = await enter('ann')
    await vi.waitFor(async () => expect(await streams()).toBe(1), 5_000)

    await page.evaluate(() => {
      const { value } = document.querySelector('[name=csrf]') as HTMLInputElement
      return fetch('/logout', { method: 'POST', body: new URLSearchParams({ csrf: value }) })
    })
    await house().incidents.input('INC-2', { kind: 'note', by: { person: 'bob', door: 'cli' }, text: 'news' })

    await page.getByRole('alert').filter({ hasText: 'You are signed out' }).waitFor()
    expect(await page.getByText('news').count()).toBe(0)
    await leave(page, /\b401\b/)
  })
})

test('a page of another site signs nobody out', async () => {
  const page = await enter('ann')
  const form = `<form method="post" action="${house().url}/logout"><button>Win</button></form>`
  // To a browser localhost is another site than 127.0.0.1, where the console is.
  const evil = createServer((_, reply) => reply.setHeader('content-type', 'text/html').end(form))
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
  const { port } = evil.address() as AddressInfo
  const tab = await page.context().newPage()

  await tab.goto(`http://localhost:${port}/`)
  await tab.getByRole('button', { name: 'Win' }).click()
  await tab.getByText('The request came from another site').waitFor()

  await page.reload()
  expect(await page.getByRole('heading', { level: 1, name: 'Open now' }).count()).toBe(1)
  await leave(page, /\b403\b/)
  evil.close()
})

describe('hostile texts', () => {
  const hostile = [
    '<script>document.body.dataset.hacked = 1</script><img src=x onerror="document.body.dataset.hacked=1">',
    '"><svg onload=alert(1)> \' onmouseover=alert(1) javascript:alert(1) <hx-partial hx-target="#main">gone</hx-partial>',
    '\u202Eevil \u2066text\u200e\u200f\u061c\u0007\u001b[31m',
    'A very long line without an end. '.repeat(1_300),
    'W'.repeat(3_000),
  ]

  test('are inert on every page, live and at first sight, and break no layout', async () => {
    const page = await enter('ann', { viewport: { width: 375, height: 812 } })
    for (const [index, text] of hostile.entries()) {
      await outage(house(), { system: 'dns', key: `ns${index};<b>DNS`, output: text })
      await house().incidents.input('INC-2', { kind: 'note', by: { person: 'bob', door: 'cli' }, text })
    }
    await page.locator('#open-INC-4').waitFor()

    for (const path of [...everyPage, '/incidents/INC-4', '/incidents/INC-4/report']) {
      await page.goto(house().url + path)
      await page.locator('#live').waitFor()
      const seen = await page.evaluate(() => ({
        hacked: document.body.dataset['hacked'],
        scripts: [...document.scripts].filter((script) => !script.src.includes('/assets/')).length,
        handlers: document.querySelectorAll('[onerror], [onload], [onmouseover], main script, hx-partial')
          .length,
        turned: /\p{Bidi_Control}/u.test(document.body.textContent),
        wider: document.documentElement.scrollWidth - innerWidth,
      }))
      expect([path, seen]).toEqual([
        path,
        { hacked: undefined, scripts: 0, handlers: 0, turned: false, wider: 0 },
      ])
    }
  })

  test('are inert in an answer', async () => {
    const page = await enter('ann')

    await page.getByLabel('Command').fill('<img src=x onerror=alert(1)>')
    await page.keyboard.press('Enter')

    await page.locator('#answer .given').waitFor()
    expect(await page.locator('#answer img').count()).toBe(0)
  })
})
