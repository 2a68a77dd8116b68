import { BackflipError } from '../domain/errors.ts'
import type { EnvironmentValue } from '../domain/release.ts'
import { isReference, type ProcessEnvironment, type SecretResolver } from './secrets.ts'

/** What an instance gets from ours. Nothing else: a credential of the operator's shell is no business of the app. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'TZ'] as const

export interface ResolvedEnvironment {
  readonly variables: { readonly [name: string]: string }
  /** The secrets among them. */
  readonly secrets: { readonly [name: string]: string }
}

/**
 * A clean environment: a few variables of ours, then the component's, then the mark and the address, which nobody can override.
 * Errors of `secretResolver`; `bad-environment` (kind `usage`) for what the kernel would not take.
 */
export async function resolveEnvironment(ask: {
  readonly component: string
  readonly environment: { readonly [name: string]: EnvironmentValue }
  readonly fixed: { readonly [name: string]: string }
  readonly ours: ProcessEnvironment
  readonly resolve: SecretResolver
}): Promise<ResolvedEnvironment> {
  const { component, environment, fixed, ours, resolve } = ask
  const own = await Promise.all(
    Object.entries(environment).map(async ([name, value]): Promise<readonly [string, string, boolean]> => {
      refuseBadName(component, name)
      if (isReference(value)) return [name, await resolve(value, `${component}.${name}`), true]
      if (value.includes('\0')) throw badEnvironment(`${component}.${name} has a NUL byte`)
      return [name, value, false]
    }),
  )
  const inherited = INHERITED.flatMap((name) => (ours[name] === undefined ? [] : [[name, ours[name]] as const]))
  return {
    // The mark comes first as well as last: the scan reads the beginning of an environment, and the order of first mention is kept.
    variables: {
      ...fixed,
      ...Object.fromEntries(inherited),
      ...Object.fromEntries(own.map(([name, value]) => [name, value])),
      ...fixed,
    },
    secrets: Object.fromEntries(own.flatMap(([name, value, secret]) => (secret ? [[name, value]] : []))),
  }
}

function refuseBadName(component: string, name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name))
    throw badEnvironment(`${component} has a variable named ${JSON.stringify(name.slice(0, 60))}`)
}

function badEnvironment(message: string): BackflipError {
  return new BackflipError(message, { code: 'bad-environment', kind: 'usage' })
}
