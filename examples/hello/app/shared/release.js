/** Who answers: every answer of this app says it in its body, so that a client can check it. */
export const release = {
  sha: process.env.BACKFLIP_SHA ?? 'unknown',
  color: process.env.BACKFLIP_COLOR ?? 'none',
}
