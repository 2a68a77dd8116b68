import { expect, it } from 'vitest'
import { inversePathOf, inverseTextOf } from './inverse.ts'
import { LAYOUTS, type LayoutName } from './layouts.ts'

it.each<[LayoutName, string, string | null]>([
  ['golang-migrate', '0001_a.up.sql', '0001_a.down.sql'],
  ['diesel', '2020-01-01-a/up.sql', '2020-01-01-a/down.sql'],
  ['prisma', '2020_a/migration.sql', '2020_a/down.sql'],
  ['plain', '0001_a.sql', '0001_a.down.sql'],
  ['goose', '0001_a.sql', '0001_a.sql'],
  ['knex', '0001_a.js', null],
])('%s: the way back of %s is in %s', (layout, path, expected) => {
  expect(inversePathOf(LAYOUTS[layout], path)).toBe(expected)
})

it('of a file with both ways only the way back is left, at its place', () => {
  const text = '-- +goose Up\nCREATE TABLE a ();\n-- +goose Down\nDROP TABLE a;\n'
  const down = inverseTextOf(LAYOUTS.goose, text)
  expect(down?.trim()).toBe('-- +goose Down\nDROP TABLE a;')
  expect(down).toHaveLength(text.length)
})

it('an empty way back is none', () => {
  expect(inverseTextOf(LAYOUTS.goose, '-- +goose Up\nSELECT 1;\n-- +goose Down\n-- nothing\n')).toBeNull()
  expect(inverseTextOf(LAYOUTS.goose, '-- +goose Up\nSELECT 1;\n')).toBeNull()
  expect(inverseTextOf(LAYOUTS.plain, ' \n')).toBeNull()
})
