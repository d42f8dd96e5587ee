// The console's few static files, read once at start, each under an address that holds the hash of its content.
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const javascript = 'text/javascript; charset=utf-8'

/** Name, where it lies, and its type. htmx and its event-stream extension come from its package as they are. */
const files = [
  ['console.css', new URL('assets/console.css', import.meta.url), 'text/css; charset=utf-8'],
  ['console.js', new URL('assets/console.js', import.meta.url), javascript],
  ['icon.svg', new URL('assets/icon.svg', import.meta.url), 'image/svg+xml'],
  ['htmx.js', new URL(import.meta.resolve('htmx.org/dist/htmx.min.js')), javascript],
  ['hx-sse.js', new URL(import.meta.resolve('htmx.org/dist/ext/hx-sse.min.js')), javascript],
] as const

type AssetName = (typeof files)[number][0]

interface Asset {
  readonly address: string
  readonly type: string
  readonly etag: string
  readonly body: Buffer
  readonly gzipped: Buffer
}

const assets = new Map(files.map(([name, file, type]) => [name, read(name, file, type)]))

/** `/assets/console.css?v=1f2e...`: may be kept forever, since another content has another address. */
export function assetAddress(name: AssetName): string {
  return assets.get(name)?.address ?? `/assets/${name}`
}

export function addAssets(server: FastifyInstance): void {
  for (const [name, asset] of assets) {
    server.get(`/assets/${name}`, (request, reply) => send(asset, request, reply))
  }
}

function read(name: string, file: URL, type: string): Asset {
  const body = readFileSync(fileURLToPath(file))
  const digest = hash('sha256', body, 'hex').slice(0, 16)
  return { address: `/assets/${name}?v=${digest}`, type, etag: `"${digest}"`, body, gzipped: gzipSync(body) }
}

function send(asset: Asset, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({
    'content-type': asset.type,
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    vary: 'accept-encoding',
    etag: asset.etag,
  })
  if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send()
  if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(asset.body)
  return reply.header('content-encoding', 'gzip').send(asset.gzipped)
}
