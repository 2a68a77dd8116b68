import type { ComponentName } from './ids.ts'
import type { Route } from './release.ts'

interface Routed {
  readonly name: ComponentName
  readonly routes: readonly Route[]
}

/** Routes in the order in which the edge tries them: those with a host first, then the longest path. */
export function routeOrder(
  components: readonly Routed[],
): readonly { readonly component: ComponentName; readonly route: Route }[] {
  return components
    .flatMap(({ name, routes }) => routes.map((route) => ({ component: name, route })))
    .toSorted((a, b) => rank(b.route) - rank(a.route) || (a.route.pathPrefix < b.route.pathPrefix ? -1 : 1))
}

function rank(route: Route): number {
  return (route.host === undefined ? 0 : 100_000) + route.pathPrefix.length
}

/** Which component a public request reaches, and by which route; null when none. */
export function routeRequest(
  components: readonly Routed[],
  path: string,
  host?: string,
): { readonly component: ComponentName; readonly route: Route } | null {
  return (
    routeOrder(components).find(
      ({ route }) => (route.host === undefined || route.host === host) && isUnder(path, route.pathPrefix),
    ) ?? null
  )
}

/** `/api` covers `/api` and `/api/x`, not `/apis`; `/` covers everything. */
export function isUnder(path: string, prefix: string): boolean {
  if (prefix === '/' || path === prefix) return true
  return path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
}
