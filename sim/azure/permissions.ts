// What the caller may do at a resource or in a resource group, as Azure lists it: one entry for each role, in pages.
import type { Access } from './access.ts'
import { resourceNotFound, type ArmAnswer } from './envelope.ts'
import type { ArmContext, ArmRoute } from './routes.ts'

/** A resource that is there: its group, and its type with its names: `Microsoft.Sql/servers/sql-west`. */
export interface KnownResource {
  readonly group: string
  readonly resource: string
}

export interface PermissionsOptions {
  readonly access: Access
  readonly url: () => string
  readonly resources: readonly KnownResource[]
}

const own = 'Microsoft.Authorization/permissions'
const apiVersions = ['2015-07-01', '2018-07-01', '2022-04-01']
/** Small, so that whoever reads one page only is found out. */
const pageSize = 3

/** Of a group, of a resource, and of a resource within another one, such as a secret of a vault. */
export function permissionRoutes(options: PermissionsOptions): readonly ArmRoute[] {
  const route = (path: string): ArmRoute => ({
    method: 'GET',
    path: `${path}${own}`,
    action: `${own}/read`,
    apiVersions,
    answer: (context) => list(options, context),
  })
  return [
    route(''),
    route('{namespace}/{type}/{name}/providers/'),
    route('{namespace}/{parent}/{parentName}/{type}/{name}/providers/'),
  ]
}

function list({ access, url, resources }: PermissionsOptions, context: ArmContext): ArmAnswer {
  const { group, params, id, query, principal } = context
  const { namespace, parent, parentName, type = '', name = '' } = params
  if (namespace !== undefined) {
    const inner = parent === undefined ? '' : `${parent}/${parentName}/`
    const resource = `${namespace}/${inner}${type}/${name}`
    const there = resources.some((one) => same(one.group, group) && same(one.resource, resource))
    if (!there) throw resourceNotFound(`${namespace}/${inner}${type}`, name, group)
  }
  const all = access.grants(principal)
  const from = Number(query.get('$skipToken') ?? 0)
  const next = from + pageSize
  const rest = `api-version=${query.get('api-version') ?? ''}&$skipToken=${next}`
  const link = next < all.length ? { nextLink: `${url()}${id}?${rest}` } : {}
  return { status: 200, body: { value: all.slice(from, next), ...link } }
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
