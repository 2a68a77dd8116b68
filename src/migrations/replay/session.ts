import { as, type Node, type NodeOf, texts } from '../sql/node.ts'
import type { Replay } from './replay.ts'

/** SET, RESET and set_config: what the session was told, in order. */
export function setVariable(replay: Replay, node: NodeOf<'VariableSetStmt'>): void {
  const name = (node.name ?? '').toLowerCase()
  if (node.kind === 'VAR_RESET_ALL') {
    replay.settings = {}
    replay.searchPath = ['public']
    return
  }
  if (node.kind === 'VAR_SET_VALUE') assign(replay, name, (node.args ?? []).map(settingText))
  else if (node.kind === 'VAR_RESET' || node.kind === 'VAR_SET_DEFAULT') {
    replay.settings = Object.fromEntries(Object.entries(replay.settings).filter(([key]) => key !== name))
    if (name === 'search_path') replay.searchPath = ['public']
  }
}

function assign(replay: Replay, name: string, values: readonly string[]): void {
  replay.settings = { ...replay.settings, [name]: values.join(', ') }
  if (name === 'search_path') {
    const path = values.flatMap((one) => one.split(',')).map((one) => one.trim().replaceAll('"', ''))
    replay.searchPath = path.filter((one) => one !== '' && one !== '$user' && one !== 'pg_catalog')
  }
}

function settingText(node: Node): string {
  const constant = as(node, 'A_Const')
  if (constant === undefined)
    return as(node, 'TypeCast') === undefined ? '' : settingText(as(node, 'TypeCast')?.arg as Node)
  if (constant.sval !== undefined) return constant.sval.sval ?? ''
  if (constant.ival !== undefined) return String(constant.ival.ival ?? 0)
  if (constant.fval !== undefined) return constant.fval.fval ?? ''
  return constant.boolval === undefined ? '' : String(constant.boolval.boolval === true)
}

/** `SELECT set_config('search_path', '', false)`, as pg_dump begins. */
export function setConfig(replay: Replay, node: NodeOf<'FuncCall'>): void {
  if (texts(node.funcname).at(-1) !== 'set_config') return
  const [name, value] = (node.args ?? []).map(settingText)
  if (name !== undefined && value !== undefined) assign(replay, name.toLowerCase(), [value])
}
