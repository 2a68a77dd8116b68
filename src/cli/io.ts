/** What a command sees of the world outside: replaced as a whole in tests. */
export interface Io {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly isTerminal: boolean
  readonly columns: number
  readonly useColor: boolean
  readonly cwd: string
  readonly variables: { readonly [name: string]: string | undefined }
  /** Aborted at the first Ctrl-C. */
  readonly signal: AbortSignal
  /** One line typed by a person; null without a terminal to ask. */
  readonly ask: (question: string) => Promise<string | null>
}
