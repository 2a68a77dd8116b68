import { usageError } from '../../../domain/errors.ts'

type Variables = { readonly [name: string]: string }

/**
 * `NAME="value"` lines that systemd (EnvironmentFile=) and a POSIX shell (`.`) read alike: both take a backslash before `"`, `\`, `` ` `` and `$`, and
 * a line break as it is. Error `bad-environment` (kind `usage`) for what systemd would drop without a word: odd names, control characters.
 */
export function formatEnvironment(component: string, variables: Variables): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        throw bad(`${component}.${name}`, 'its name is none that a service can have')
      if (/\p{Cc}/u.test(value.replace(/[\t\n]/g, '')))
        throw bad(`${component}.${name}`, 'a control character other than tab and line feed')
      return `${name}="${value.replace(/["\\`$]/g, '\\$&')}"\n`
    })
    .join('')
}

/** What `formatEnvironment` wrote. */
export function parseEnvironment(text: string): Variables {
  const found = text.matchAll(/^([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\[\s\S])*)"\n/gm)
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, value.replace(/\\(["\\`$])/g, '$1')]))
}

function bad(name: string, why: string) {
  return usageError(`${name} cannot be in the environment of a service in a container: ${why}`, {
    code: 'bad-environment',
  })
}
