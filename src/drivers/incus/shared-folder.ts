import { join } from 'node:path'
import type { Transport } from '../../ports/transport.ts'

/** One folder with two names: a disk device of the container. */
export interface SharedFolder {
  readonly host: string
  readonly container: string
}

/**
 * When we run on the Incus host: what lies in the shared folder, sockets among it, is reached as files of this host, without the daemon, in a tenth
 * of the time. Everything else, commands above all, goes through `inside`. Paths are always the container's.
 */
export function sharedFolderTransport(
  shared: SharedFolder,
  ways: { readonly here: Transport; readonly inside: Transport },
): Transport {
  const { here, inside } = ways
  const local = (path: string) => toHostPath(shared, path)
  /** `use` gets the way and the path's name there. */
  const by = <T>(path: string, use: (way: Transport, name: string) => Promise<T>): Promise<T> => {
    const name = local(path)
    return name === null ? use(inside, path) : use(here, name)
  }
  return {
    run: inside.run,
    spawnDetached: inside.spawnDetached,
    readFile: (path, ask) => by(path, (way, name) => way.readFile(name, ask)),
    writeFileAtomic(path, bytes, ask = {}) {
      const { via } = ask
      const name = local(path)
      const aside = via === undefined ? undefined : local(via)
      if (name === null || aside === null) return inside.writeFileAtomic(path, bytes, ask)
      return here.writeFileAtomic(name, bytes, aside === undefined ? ask : { ...ask, via: aside })
    },
    rename(from, to) {
      const [a, b] = [local(from), local(to)]
      return a === null || b === null ? inside.rename(from, to) : here.rename(a, b)
    },
    makeFolder: (path, ask) => by(path, (way, name) => way.makeFolder(name, ask)),
    listFolder: (path) => by(path, (way, name) => way.listFolder(name)),
    remove: (path) => by(path, (way, name) => way.remove(name)),
    askSocket: (path, request, ask) => by(path, (way, name) => way.askSocket(name, request, ask)),
  }
}

/** Null for what lies elsewhere. A path that climbs is left to the container, where it means what it says. */
export function toHostPath({ host, container }: SharedFolder, path: string): string | null {
  if (path.split('/').includes('..')) return null
  if (path === container) return host
  return path.startsWith(`${container}/`) ? join(host, path.slice(container.length + 1)) : null
}
