// SVG to PNG. Loading this file loads the painter (2.5 MB) and its fonts, once: so only import it when there is a picture.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Resvg, initWasm } from '@resvg/resvg-wasm'

const [wasm, regular, bold] = await Promise.all([
  read('@resvg/resvg-wasm/index_bg.wasm'),
  read('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'),
  read('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'),
])
await initWasm(wasm)

/** Paints an SVG in `width` pixels; text has only the font DejaVu Sans, whatever the machine has installed. */
export function paint(svg: string, width: number): Uint8Array {
  const drawing = new Resvg(svg, {
    font: { fontBuffers: [regular, bold], defaultFontFamily: 'DejaVu Sans', loadSystemFonts: false },
    fitTo: { mode: 'width', value: width },
  })
  const image = drawing.render()
  try {
    return image.asPng()
  } finally {
    image.free()
    drawing.free()
  }
}

function read(file: string): Promise<Buffer<ArrayBuffer>> {
  return readFile(fileURLToPath(import.meta.resolve(file)))
}
