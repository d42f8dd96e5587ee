// Which methods an address answers, for those who ask with another one.
import type { FastifyInstance } from 'fastify'

/** The methods that the address of a request (its path, with or without a query) answers; none: there is no such address. */
export type Methods = (address: string) => readonly string[]

/** Hears of every route that is added to the server from now on. */
export function knownMethods(server: FastifyInstance): Methods {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>()
  server.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() }
    routes.set(url, route)
    for (const each of [method].flat()) route.methods.add(each)
  })
  return (address) => {
    const path = address.split('?')[0] ?? ''
    const found = [...routes.values()].flatMap(({ pattern, methods }) =>
      pattern.test(path) ? [...methods] : [],
    )
    return [...new Set(found)].toSorted()
  }
}

/** A route's address such as /incidents/:id/report.md, as what it matches. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : RegExp.escape(part)))
  return new RegExp(`^${parts.join('/')}$`)
}
