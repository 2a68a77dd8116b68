/** Texts on this host by the SHA-256 of their bytes, for what a plan names and the journal does not keep. */
export interface TextStore {
  /** Repeatable. At most 8 MiB. Returns the digest, 64 hex digits. */
  keep(text: string): Promise<string>
  /** Null when it is not there, or is not what its name says. */
  read(sha256: string): Promise<string | null>
}
