// Paints the two icons of the Teams app from their drawings: node scripts/teams-icons.ts
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Resvg, initWasm } from '@resvg/resvg-wasm'

const folder = new URL('../teams/', import.meta.url)

/** The icons by name, each in the size that Teams wants (learn.microsoft.com, "Teams app package"). */
export const iconSizes = { color: 192, outline: 32 } as const

/** The drawing of an icon as a PNG. */
export async function paintIcon(name: keyof typeof iconSizes): Promise<Uint8Array> {
  const svg = await readFile(new URL(`${name}.svg`, folder), 'utf8')
  const drawing = new Resvg(svg, { fitTo: { mode: 'width', value: iconSizes[name] } })
  return drawing.render().asPng()
}

/** Loads the painter, once for a process. */
export async function loadPainter(): Promise<void> {
  await initWasm(await readFile(fileURLToPath(import.meta.resolve('@resvg/resvg-wasm/index_bg.wasm'))))
}

if (import.meta.main) {
  await loadPainter()
  for (const name of ['color', 'outline'] as const)
    await writeFile(new URL(`${name}.png`, folder), await paintIcon(name))
}
