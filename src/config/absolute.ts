import { isAbsolute, join } from 'node:path'

/** A path as it is written, below the configuration's own folder unless it begins with `/`. */
export function absolute(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path)
}
