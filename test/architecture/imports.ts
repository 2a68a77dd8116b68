import { posix } from 'node:path'
import { withoutComments } from './blank.ts'

/** Static, type-only, side-effect, dynamic and `import('…')` types alike: an arrow is an arrow. */
const IMPORT = /\b(?:from|import)\s*\(?\s*(['"])([^'"\s]+)\1/g

/** A source file by its path from the root, with `/`. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** `import type … from` and `export type … from`: gone when the program runs. */
const TYPE_ONLY = /\b(?:import|export)\s+type\s[^'"]*?\bfrom\s*(['"])([^'"\s]+)\1/g

/** What a file imports: paths from the root for our own files, names as written for all else. */
export function importsOf({ path, text }: SourceFile): readonly string[] {
  return named(path, withoutComments(text), IMPORT)
}

/** The same without those that are for types only: what is loaded. */
export function loadsOf({ path, text }: SourceFile): readonly string[] {
  return named(path, withoutComments(text).replace(TYPE_ONLY, ''), IMPORT)
}

function named(path: string, text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, , name = '']) =>
    name.startsWith('.') ? posix.join(posix.dirname(path), name) : name,
  )
}
