// npm run screenshots: each card of Teams as its own renderer draws it on a phone, into pictures/teams, to be looked at.
import { mkdir, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { inPersonalChat } from '../src/chat/teams/render/personal.ts'
import { adaptiveCard } from '../src/chat/teams/render/message.ts'
import { cards, pages } from '../test/contracts/stage-cards.ts'
import { startDrawer } from '../test/contracts/teams-cards-drawn.ts'

const { values } = parseArgs({ options: { into: { type: 'string', default: 'pictures/teams' } } })
const zone = 'Europe/Berlin'
const phone = { width: 400 }

const drawings = [
  ...Object.entries(cards).map(([name, card]) => ({ name, card: adaptiveCard(card, { zone }) })),
  ...Object.entries(pages).map(([name, page]) => ({
    name,
    card: adaptiveCard(inPersonalChat(page), { zone, personal: true }),
  })),
]

await mkdir(values.into, { recursive: true })
const drawer = await startDrawer()
try {
  for (const { name, card } of drawings) {
    const { png } = await drawer.draw(card, phone)
    await writeFile(`${values.into}/${name}.png`, png)
    process.stdout.write(`${values.into}/${name}.png\n`)
  }
} finally {
  await drawer.close()
}
