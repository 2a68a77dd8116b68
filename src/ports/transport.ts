/** One command's end. Output is bounded by the ask; what came after the bound is counted, not kept. */
export interface CommandResult {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** Another host, or this one: the only way a driver knows to the machine its system runs on. The suite is `test/contract/transport.ts`. */
export interface Transport {
  /**
   * argv, never a shell. Error `command-timeout` (kind `failed`) after the bound; the process group is ended. A program with input that ends by
   * itself may leave its last words behind on some ways; with `until` it does not: its input stays open until what it printed ends so, and it
   * should go on until then.
   */
  run(
    argv: readonly string[],
    ask: {
      readonly timeoutMs: number
      readonly maxOutputBytes?: number
      readonly stdin?: string
      readonly until?: string
    },
  ): Promise<CommandResult>
  /**
   * Starts a process that outlives us (a daemon in the foreground of its own process group), output appended to `log`.
   * Returns its pid.
   */
  spawnDetached(argv: readonly string[], ask: { readonly log: string }): Promise<{ readonly pid: number }>
  /** Null when there is no such file. At most `maxBytes` (default 16 MiB), else error `file-too-large`. */
  readFile(path: string, ask?: { readonly maxBytes?: number }): Promise<Uint8Array | null>
  /**
   * Temporary file, write, fsync, rename, fsync of the folder: the old bytes or the new ones, also after a power cut.
   * `via` is the folder for the temporary file, on the same file system; default: the file's own. When `via` does not exist the write
   * fails with `ENOENT` and nothing was changed: a folder that somebody can take away is a fence for late writers.
   */
  writeFileAtomic(
    path: string,
    bytes: Uint8Array | string,
    ask?: { readonly mode?: number; readonly via?: string },
  ): Promise<void>
  /** Atomic rename(2); ENOENT when `from` is gone. The parents are fsynced. */
  rename(from: string, to: string): Promise<void>
  makeFolder(path: string, ask?: { readonly mode?: number }): Promise<void>
  /** Names in a folder, sorted; null when there is none. */
  listFolder(path: string): Promise<readonly string[] | null>
  /** Gone already is fine. Recursive for folders. */
  remove(path: string): Promise<void>
  /** Sends bytes to a unix socket, half-closes, and returns all that comes back until the other side closes, within the bound. On some ways it is
   * sent again when nothing came back: ask what may be asked twice, and say so when silence is an answer. */
  askSocket(
    path: string,
    request: string,
    ask: { readonly timeoutMs: number; readonly maxBytes?: number; readonly canBeSilent?: boolean },
  ): Promise<string>
}
