import { addCheck } from './add-check.ts'
import { addEnumValue } from './add-enum-value.ts'
import { addExclusionConstraint } from './add-exclusion-constraint.ts'
import { addForeignKey } from './add-foreign-key.ts'
import { addIdentity } from './add-identity.ts'
import { addPrimaryKey } from './add-primary-key.ts'
import { addRequiredColumn } from './add-required-column.ts'
import { addUniqueConstraint } from './add-unique-constraint.ts'
import { changeColumnType } from './change-column-type.ts'
import { changeDefault } from './change-default.ts'
import { createUniqueIndex } from './create-unique-index.ts'
import type { Rule } from './define-rule.ts'
import { dropColumn } from './drop-column.ts'
import { dropConstraint } from './drop-constraint.ts'
import { dropDefault } from './drop-default.ts'
import { dropEnumValue } from './drop-enum-value.ts'
import { dropFunction } from './drop-function.ts'
import { dropNotNull } from './drop-not-null.ts'
import { dropSequence } from './drop-sequence.ts'
import { dropTable } from './drop-table.ts'
import { dropType } from './drop-type.ts'
import { dropUniqueConstraint } from './drop-unique-constraint.ts'
import { dropUniqueIndex } from './drop-unique-index.ts'
import { dropView } from './drop-view.ts'
import { renameColumn } from './rename-column.ts'
import { renameEnumValue } from './rename-enum-value.ts'
import { renameTable } from './rename-table.ts'
import { replaceView } from './replace-view.ts'
import { setNotNull } from './set-not-null.ts'

/** Every rule, by name. A new one is a file and a line here. */
export const RULES: readonly Rule[] = [
  addCheck,
  addEnumValue,
  addExclusionConstraint,
  addForeignKey,
  addIdentity,
  addPrimaryKey,
  addRequiredColumn,
  addUniqueConstraint,
  changeColumnType,
  changeDefault,
  createUniqueIndex,
  dropColumn,
  dropConstraint,
  dropDefault,
  dropEnumValue,
  dropFunction,
  dropNotNull,
  dropSequence,
  dropTable,
  dropType,
  dropUniqueConstraint,
  dropUniqueIndex,
  dropView,
  renameColumn,
  renameEnumValue,
  renameTable,
  replaceView,
  setNotNull,
]

export const RULES_BY_ID: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.id, rule]))
