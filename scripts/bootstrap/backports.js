import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aptUpdate } from './apt.js'

const FOLDER = '/etc/apt/sources.list.d'
const OUR_FILE = join(FOLDER, 'backflip-backports.sources')

/**
 * Makes the backports suite of this release known to apt, from the same place and with the same keyring as the suite itself. Returns its name,
 * or null when this machine's sources do not say where its release comes from.
 */
export function provideBackports() {
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  if (codename === undefined) return null
  const suite = `${codename}-backports`
  const sources = readSources()
  if (sources.some(({ suites }) => suites.includes(suite))) return aptUpdate() ? suite : null
  const own = sources.find(({ suites }) => suites.includes(codename))
  if (own === undefined) return null
  const signedBy = own.signedBy === null ? '' : `Signed-By: ${own.signedBy}\n`
  writeFileSync(OUR_FILE, `Types: deb\nURIs: ${own.uris}\nSuites: ${suite}\nComponents: main\n${signedBy}`)
  return aptUpdate() ? suite : null
}

function readSources() {
  const files = existsSync(FOLDER) ? readdirSync(FOLDER).map((name) => join(FOLDER, name)) : []
  const texts = ['/etc/apt/sources.list', ...files].filter(existsSync).map((file) => ({
    text: readFileSync(file, 'utf8').replace(/^#.*\n/gm, ''),
    isStanza: file.endsWith('.sources'),
    isLine: file.endsWith('.list'),
  }))
  return texts.flatMap(({ text, isStanza, isLine }) => {
    if (isStanza) return text.split(/\n\s*\n/).flatMap(readStanza)
    return isLine ? text.split('\n').flatMap(readLine) : []
  })
}

/** One stanza of sources.list(5)'s deb822 form. A key that is written out over several lines is left out: it is not ours to copy. */
function readStanza(stanza) {
  const field = (name) => new RegExp(`^${name}:[ \\t]*(\\S.*)$`, 'im').exec(stanza)?.[1]?.trim() ?? null
  const uris = field('URIs')
  if (uris === null || !/\bdeb\b/.test(field('Types') ?? '')) return []
  return [{ uris, suites: (field('Suites') ?? '').split(/\s+/), signedBy: field('Signed-By') }]
}

function readLine(line) {
  const found = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s/.exec(line)
  if (found === null) return []
  const [, options = '', uris, suite] = found
  return [{ uris, suites: [suite], signedBy: /signed-by=(\S+)/i.exec(options)?.[1] ?? null }]
}
