/** Something that is not as it should be, and that no operation has met yet. For `doctor` and `status`. */
export interface Shortcoming {
  readonly message: string
  /** What to type, or to write into a file. */
  readonly hint: string
  /** Nothing fails because of it; otherwise an operation will, or the promise that the message names is not kept. */
  readonly isAdvice?: true
}
