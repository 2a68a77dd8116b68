import { as, type Node, type NodeOf, texts } from '../sql/node.ts'
import { defineRule, type Rule } from './define-rule.ts'

export interface WrittenType {
  /** Last part of its name: `int4`, `varchar`, `serial`. */
  readonly name: string
  readonly modifiers: readonly number[]
}

interface TypeStyle {
  readonly id: string
  readonly summary: string
  readonly why: string
  readonly safeWay: string
  readonly matches: (type: WrittenType) => boolean
  readonly bad: string
  readonly good: string
}

/** A style rule about the type of a column, in CREATE TABLE, ADD COLUMN and ALTER COLUMN … TYPE. */
export function typeRule({ id, summary, why, safeWay, matches, bad, good }: TypeStyle): Rule {
  return defineRule({
    id,
    axes: ['N'],
    group: 'style',
    summary,
    why,
    safeWay,
    examples: { bad: `CREATE TABLE t (c ${bad})`, good: `CREATE TABLE t (c ${good})` },
    onStatement: {
      CreateStmt: (node, { report }, applied) => {
        for (const { name, type } of writtenColumns(node.tableElts))
          if (matches(type)) report(applied, { severity: 'note', message: `${name} is ${type.name}` })
      },
      AlterTableStmt: (node, { report }, applied) => {
        const defs = (node.cmds ?? []).flatMap((one) => {
          const cmd = as(one, 'AlterTableCmd')
          const def = as(cmd?.def, 'ColumnDef')
          return def?.typeName === undefined
            ? []
            : [{ ColumnDef: { ...def, colname: def.colname ?? cmd?.name ?? '' } } as Node]
        })
        for (const { name, type } of writtenColumns(defs))
          if (matches(type)) report(applied, { severity: 'note', message: `${name} is ${type.name}` })
      },
    },
  })
}

function writtenColumns(
  nodes: readonly Node[] | undefined,
): readonly { readonly name: string; readonly type: WrittenType }[] {
  return (nodes ?? []).flatMap((one) => {
    const def = as(one, 'ColumnDef')
    return def?.typeName === undefined ? [] : [{ name: def.colname ?? '', type: writtenType(def.typeName) }]
  })
}

function writtenType(type: NodeOf<'TypeName'>): WrittenType {
  const modifiers = (type.typmods ?? []).flatMap((one) => {
    const value = as(one, 'A_Const')?.ival
    return value === undefined ? [] : [value.ival ?? 0]
  })
  return { name: texts(type.names).at(-1)?.toLowerCase() ?? '', modifiers }
}
