// Adaptive Cards 1.5 by Microsoft's own schema (github.com/microsoft/AdaptiveCards, schemas/1.5.0, MIT; its licence stands beside it).
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import draft6 from 'ajv/dist/refs/json-schema-draft-06.json' with { type: 'json' }

const file = new URL('../fixtures/adaptive-cards/adaptive-card-1.5.0.json', import.meta.url)
// The schema names itself as drafts before the sixth did.
const { id: _id, ...schema } = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>
// It has words of its own for versions and features, and addresses are held by the rules of the bot's own cards.
const ajv = new Ajv({ strict: false, validateFormats: false })
ajv.addMetaSchema(draft6)
const isCard = ajv.compile(schema)

/** What Microsoft's schema finds wrong with a card: each with its place. `msteams` is Teams' own, beside the schema. */
export function officialErrors(card: object): readonly string[] {
  const { msteams: _width, ...content } = card as Readonly<Record<string, unknown>>
  return isCard(content)
    ? []
    : (isCard.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'}: ${message}`)
}
