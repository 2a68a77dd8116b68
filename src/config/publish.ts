import { z } from 'zod'
import { fileSchema } from './schema.ts'

/** The JSON Schema of `backflip.yaml`, for editors. */
export function renderConfigSchema(): string {
  const schema = z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' })
  return `${JSON.stringify({ title: 'backflip.yaml', ...schema }, null, 2)}\n`
}

interface Node {
  readonly description?: string
  readonly default?: unknown
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Node[]
  readonly properties?: { readonly [key: string]: Node }
  readonly additionalProperties?: Node | false
  readonly items?: Node
  readonly required?: readonly string[]
}

/** Every key, its kind, its default and what it is for, as a page. */
export function renderConfigReference(): string {
  const root = JSON.parse(renderConfigSchema()) as Node
  const rows = rowsOf(root, '', true)
  return `# backflip.yaml

Made from the code (\`npm run generate\`). Keys that are not here are refused with their line, column and the key that was probably meant;
keys at the top that begin with \`x-\` are yours. \`<name>\` stands for a name you choose. Point your editor at \`schema/config.schema.json\`.

| key | kind | default | |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}

function rowsOf(node: Node, path: string, required: boolean): readonly string[] {
  const own =
    path === ''
      ? []
      : [
          `| \`${path}\` | ${kindOf(node)} | ${defaultOf(node, required)} | ${(node.description ?? '').replaceAll('|', '\\|')} |`,
        ]
  const children = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    rowsOf(child, path === '' ? key : `${path}.${key}`, node.required?.includes(key) === true),
  )
  const named =
    typeof node.additionalProperties === 'object' && node.additionalProperties.properties !== undefined
      ? rowsOf(node.additionalProperties, `${path}.<name>`, true)
      : []
  const items = node.items?.properties === undefined ? [] : rowsOf(node.items, `${path}[]`, true)
  return [...own, ...children, ...named, ...items]
}

function kindOf({ type, enum: values, const: only, anyOf, properties }: Node): string {
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(' or ')
  if (only !== undefined) return `\`${String(only)}\``
  if (anyOf !== undefined) return anyOf.map(kindOf).join(' or ')
  if (type === 'object' && properties !== undefined)
    return Object.keys(properties).length === 1 ? `{${Object.keys(properties)[0] ?? ''}: …}` : 'keys'
  return type ?? 'anything'
}

function defaultOf({ default: value }: Node, required: boolean): string {
  if (value === undefined) return required ? '**needed**' : ''
  const text = JSON.stringify(value)
  return text === '{}' ? '' : `\`${text}\``
}
