/** All that needs more than reading a few small files. Loaded at first use: `status` lists and does no more, and node:crypto alone costs 4 ms. */
export { followLines, lastLines } from './log-files.ts'
export { lookAtOneOff } from './one-off-state.ts'
export { runOnce } from './run-once.ts'
export { reviveColor, startColor } from './start.ts'
export { removeColor, stopColor } from './stop.ts'
export { unpackRelease } from './unpack.ts'
