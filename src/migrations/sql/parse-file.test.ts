import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { expandTemplates } from './expand-templates.ts'
import { parseFile } from './parse-file.ts'
import { loadParser, type SqlParser } from './parser.ts'
import { scanPieces } from './scan-pieces.ts'

let parser: SqlParser

beforeAll(async () => {
  parser = await loadParser()
})

const read = (sql: string) => parseFile(parser, sql, sql)
const textsOf = (sql: string) => read(sql).statements.map(({ start, end }) => sql.slice(start, end))

describe('a statement is found where it stands', () => {
  it('also behind comments, blanks and characters of several bytes', () => {
    const sql = "-- é 😀\n/* x */ SELECT 'é😀';\n\n  -- next\n  DROP TABLE é ;"
    expect(textsOf(sql)).toEqual(["SELECT 'é😀'", 'DROP TABLE é '])
  })
  it('points at a mistake after characters of several bytes', () => {
    const sql = "SELECT 'é😀';\nDROP TABEL x"
    const [problem] = read(sql).problems
    expect(sql.slice(problem?.at)).toMatch(/^TABEL/)
  })
})

describe('one bad statement is one problem', () => {
  it('and hides no other', () => {
    const { statements, problems } = read('SELECT 1; SELEC 2; DROP TABLE a; CREATE TABEL b ()')
    expect(statements.map(({ tag }) => tag)).toEqual(['SelectStmt', 'DropStmt'])
    expect(problems).toHaveLength(2)
  })
  it('a NUL byte hides nothing behind it', () => {
    const { statements, problems } = read('SELECT 1;\0DROP TABLE a')
    expect(statements.map(({ tag }) => tag)).toEqual(['SelectStmt', 'DropStmt'])
    expect(problems.map(({ message }) => message)).toEqual(['a NUL byte'])
  })
  it('a comment without an end is one problem, also ten thousand times', () => {
    const { statements, problems } = read(`SELECT 1; ${'/*'.repeat(10_000)}`)
    expect(statements).toHaveLength(1)
    expect(problems.map(({ message }) => message)).toEqual(['unterminated /* comment'])
  })
  it('nesting beyond what the grammar takes is a problem, not an abort', () => {
    const { statements, problems } = read(`SELECT ${'('.repeat(50_000)}1${')'.repeat(50_000)}; DROP TABLE a`)
    expect(statements.map(({ tag }) => tag)).toEqual(['DropStmt'])
    expect(problems).toHaveLength(1)
  })
})

describe('a templated file is read', () => {
  it.each([
    ['Go', 'DROP TABLE {{ index .Options "Namespace" }}.users', 'index_options_namespace'],
    ['Go, in quotes', 'DROP TABLE "{{ index .Options "Namespace" }}".users', 'index_options_namespace'],
    ['flyway', 'DROP TABLE $' + '{app:schema}.users', 'app_schema'],
    ['psql', 'DROP TABLE :schema.users', 'schema'],
    ['psql, as a name', 'DROP TABLE :"schema".users', 'schema'],
  ])('%s', (_name, sql, schema) => {
    const { statements, problems } = read(sql)
    expect(problems).toEqual([])
    expect(JSON.stringify(statements[0]?.node)).toContain(`"${schema}"`)
  })
  it('control blocks become blanks', () => {
    expect(read('{{ if .X }}\nDROP TABLE a;\n{{ end }}\n{% if y %}DROP TABLE b;{% endif %}').statements).toHaveLength(2)
  })
  it('what looks like a template inside of data stays as it is', () => {
    const sql = `INSERT INTO t VALUES ('{{1,2},{3,4}}', $${'$'}{"a": 1}$$)`
    expect(expandTemplates(sql)).toBe(sql)
  })
  it('an array slice is no variable', () => {
    expect(read('SELECT a[1:2], b::text').problems).toEqual([])
  })
  it('keeps every place, whatever the text', () => {
    const parts = fc.constantFrom(
      '{{ x }}',
      '"{{ .A "b" }}"',
      '${' + 'a}',
      "'",
      '"',
      '{%',
      '%}',
      'é',
      '😀',
      '\n',
      ' ',
      'select',
      ';',
    )
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (words) => {
        const text = words.join('')
        expect(expandTemplates(text)).toHaveLength(text.length)
      }),
    )
  })
})

describe('psql’s own lines', () => {
  it('are skipped: meta commands, and the rows of COPY', () => {
    const { statements, problems } = read('\\set ON_ERROR_STOP on\nCOPY t FROM STDIN;\n1\tx;y\n\\.\nDROP TABLE t;')
    expect(problems).toEqual([])
    expect(statements.map(({ tag }) => tag)).toEqual(['CopyStmt', 'DropStmt'])
  })
})

it('pieces cover any text exactly once', () => {
  const parts = fc.constantFrom("'", "E'\\", '"', '$$', '$a$', '--', '/*', '*/', ';', '\n', 'x', ' ', '\\')
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 20 }), (words) => {
      const text = words.join('')
      const pieces = [...scanPieces(text)]
      expect(pieces.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text)
    }),
  )
})
