/** The phases of a deploy, in their order. Other operations use the ones they need. */
export const PHASES = ['prepare', 'migrate', 'launch', 'check', 'switch', 'verify'] as const

export type Phase = (typeof PHASES)[number]

/** The letter that operators say: A to F. */
export function phaseLetter(phase: Phase): string {
  return 'ABCDEF'.charAt(PHASES.indexOf(phase))
}

export function isAtOrAfter(phase: Phase, bound: Phase): boolean {
  return PHASES.indexOf(phase) >= PHASES.indexOf(bound)
}
