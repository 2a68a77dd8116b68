import { addCheck } from './add-check.ts'
import { addDomainColumn } from './add-domain-column.ts'
import { addEnumValue } from './add-enum-value.ts'
import { addExclusionConstraint } from './add-exclusion-constraint.ts'
import { addForeignKey } from './add-foreign-key.ts'
import { addGeneratedColumn } from './add-generated-column.ts'
import { addIdentity } from './add-identity.ts'
import { addPrimaryKey } from './add-primary-key.ts'
import { addRequiredColumn } from './add-required-column.ts'
import { addSerialColumn } from './add-serial-column.ts'
import { addUniqueConstraint } from './add-unique-constraint.ts'
import { addVolatileDefault } from './add-volatile-default.ts'
import { assignColumnTwice } from './assign-column-twice.ts'
import { attachPartition } from './attach-partition.ts'
import { attachProvedPartition } from './attach-proved-partition.ts'
import { avoidChar } from './avoid-char.ts'
import { avoidConstrainedDomain } from './avoid-constrained-domain.ts'
import { avoidEnum } from './avoid-enum.ts'
import { avoidMoney } from './avoid-money.ts'
import { avoidTimestampPrecision } from './avoid-timestamp-precision.ts'
import { avoidUnlogged } from './avoid-unlogged.ts'
import { changeCollation } from './change-collation.ts'
import { changeColumnType } from './change-column-type.ts'
import { changeDefault } from './change-default.ts'
import { changeOwner } from './change-owner.ts'
import { changePolicy } from './change-policy.ts'
import { changeRows } from './change-rows.ts'
import { changeStorage } from './change-storage.ts'
import { combineAlterTable } from './combine-alter-table.ts'
import { constrainDomain } from './constrain-domain.ts'
import { createIndex } from './create-index.ts'
import { createPartition } from './create-partition.ts'
import { createTrigger } from './create-trigger.ts'
import { createUniqueIndex } from './create-unique-index.ts'
import { cutIdentifier } from './cut-identifier.ts'
import { definePrimaryKey } from './define-primary-key.ts'
import type { Rule } from './define-rule.ts'
import { deleteAllRows } from './delete-all-rows.ts'
import { detachConcurrently } from './detach-concurrently.ts'
import { detachPartition } from './detach-partition.ts'
import { disableLockTimeout } from './disable-lock-timeout.ts'
import { disableStatementTimeout } from './disable-statement-timeout.ts'
import { dropColumn } from './drop-column.ts'
import { dropConstraint } from './drop-constraint.ts'
import { dropDatabase } from './drop-database.ts'
import { dropDefault } from './drop-default.ts'
import { dropEnumValue } from './drop-enum-value.ts'
import { dropExtension } from './drop-extension.ts'
import { dropFunction } from './drop-function.ts'
import { dropIndex } from './drop-index.ts'
import { dropNotNull } from './drop-not-null.ts'
import { dropRedundantIndex } from './drop-redundant-index.ts'
import { dropSchema } from './drop-schema.ts'
import { dropSequence } from './drop-sequence.ts'
import { dropTable } from './drop-table.ts'
import { dropTrigger } from './drop-trigger.ts'
import { dropType } from './drop-type.ts'
import { dropUniqueConstraint } from './drop-unique-constraint.ts'
import { dropUniqueIndex } from './drop-unique-index.ts'
import { dropView } from './drop-view.ts'
import { editMigration } from './edit-migration.ts'
import { enableRowSecurity } from './enable-row-security.ts'
import { forgetForeignKeyIndex } from './forget-foreign-key-index.ts'
import { giveReason } from './give-reason.ts'
import { holdExclusiveLock } from './hold-exclusive-lock.ts'
import { indexPartitionedTable } from './index-partitioned-table.ts'
import { keepInvalidIndex } from './keep-invalid-index.ts'
import { leaveTransactionOpen } from './leave-transaction-open.ts'
import { lockSeveralTables } from './lock-several-tables.ts'
import { losePartitionRows } from './lose-partition-rows.ts'
import { makeRepeatable } from './make-repeatable.ts'
import { missApplicationName } from './miss-application-name.ts'
import { missIdleTimeout } from './miss-idle-timeout.ts'
import { missInverse } from './miss-inverse.ts'
import { missLockTimeout } from './miss-lock-timeout.ts'
import { missStatementTimeout } from './miss-statement-timeout.ts'
import { missTimeouts } from './miss-timeouts.ts'
import { mixRowsAndSchema } from './mix-rows-and-schema.ts'
import { nameContract } from './name-contract.ts'
import { nameRule } from './name-rule.ts'
import { nameTableSchema } from './name-table-schema.ts'
import { nestTransaction } from './nest-transaction.ts'
import { placeEnumValue } from './place-enum-value.ts'
import { preferBigint } from './prefer-bigint.ts'
import { preferBigintOverSmallint } from './prefer-bigint-over-smallint.ts'
import { preferIdentity } from './prefer-identity.ts'
import { preferJsonb } from './prefer-jsonb.ts'
import { preferNumeric } from './prefer-numeric.ts'
import { preferPrimaryKey } from './prefer-primary-key.ts'
import { preferRepack } from './prefer-repack.ts'
import { preferText } from './prefer-text.ts'
import { preferTimestamptz } from './prefer-timestamptz.ts'
import { quoteIdentifier } from './quote-identifier.ts'
import { readSql } from './read-sql.ts'
import { refreshConcurrently } from './refresh-concurrently.ts'
import { refreshView } from './refresh-view.ts'
import { reindexTable } from './reindex-table.ts'
import { removeAllow } from './remove-allow.ts'
import { renameColumn } from './rename-column.ts'
import { renameEnumValue } from './rename-enum-value.ts'
import { renameSchema } from './rename-schema.ts'
import { renameTable } from './rename-table.ts'
import { renewAllow } from './renew-allow.ts'
import { reorderMigration } from './reorder-migration.ts'
import { replaceFunction } from './replace-function.ts'
import { replaceView } from './replace-view.ts'
import { requireNewColumn } from './require-new-column.ts'
import { revokeAccess } from './revoke-access.ts'
import { rewriteTable } from './rewrite-table.ts'
import { runConcurrentlyInTransaction } from './run-concurrently-in-transaction.ts'
import { runDynamicSql } from './run-dynamic-sql.ts'
import { scanForPrimaryKey } from './scan-for-primary-key.ts'
import { setLockTimeoutLate } from './set-lock-timeout-late.ts'
import { setNotNull } from './set-not-null.ts'
import { skipStatement } from './skip-statement.ts'
import { takeLock } from './take-lock.ts'
import { toggleTrigger } from './toggle-trigger.ts'
import { truncateTable } from './truncate-table.ts'
import { updateAllRows } from './update-all-rows.ts'
import { usePrimaryIndex } from './use-primary-index.ts'
import { useUniqueIndex } from './use-unique-index.ts'
import { validateConstraint } from './validate-constraint.ts'
import { validateInSameTransaction } from './validate-in-same-transaction.ts'
import { widenColumnType } from './widen-column-type.ts'

/** Every rule, by name. A new one is a file and a line here. */
export const RULES: readonly Rule[] = [
  addCheck,
  addDomainColumn,
  addEnumValue,
  addExclusionConstraint,
  addForeignKey,
  addGeneratedColumn,
  addIdentity,
  addPrimaryKey,
  addRequiredColumn,
  addSerialColumn,
  addUniqueConstraint,
  addVolatileDefault,
  assignColumnTwice,
  attachPartition,
  attachProvedPartition,
  avoidChar,
  avoidConstrainedDomain,
  avoidEnum,
  avoidMoney,
  avoidTimestampPrecision,
  avoidUnlogged,
  changeCollation,
  changeColumnType,
  changeDefault,
  changeOwner,
  changePolicy,
  changeRows,
  changeStorage,
  combineAlterTable,
  constrainDomain,
  createIndex,
  createPartition,
  createTrigger,
  createUniqueIndex,
  cutIdentifier,
  definePrimaryKey,
  deleteAllRows,
  detachConcurrently,
  detachPartition,
  disableLockTimeout,
  disableStatementTimeout,
  dropColumn,
  dropConstraint,
  dropDatabase,
  dropDefault,
  dropEnumValue,
  dropExtension,
  dropFunction,
  dropIndex,
  dropNotNull,
  dropRedundantIndex,
  dropSchema,
  dropSequence,
  dropTable,
  dropTrigger,
  dropType,
  dropUniqueConstraint,
  dropUniqueIndex,
  dropView,
  editMigration,
  enableRowSecurity,
  forgetForeignKeyIndex,
  giveReason,
  holdExclusiveLock,
  indexPartitionedTable,
  keepInvalidIndex,
  leaveTransactionOpen,
  lockSeveralTables,
  losePartitionRows,
  makeRepeatable,
  missApplicationName,
  missIdleTimeout,
  missInverse,
  missLockTimeout,
  missStatementTimeout,
  missTimeouts,
  mixRowsAndSchema,
  nameContract,
  nameRule,
  nameTableSchema,
  nestTransaction,
  placeEnumValue,
  preferBigintOverSmallint,
  preferBigint,
  preferIdentity,
  preferJsonb,
  preferNumeric,
  preferPrimaryKey,
  preferRepack,
  preferText,
  preferTimestamptz,
  quoteIdentifier,
  readSql,
  refreshConcurrently,
  refreshView,
  reindexTable,
  removeAllow,
  renameColumn,
  renameEnumValue,
  renameSchema,
  renameTable,
  renewAllow,
  reorderMigration,
  replaceFunction,
  replaceView,
  requireNewColumn,
  revokeAccess,
  rewriteTable,
  runConcurrentlyInTransaction,
  runDynamicSql,
  scanForPrimaryKey,
  setLockTimeoutLate,
  setNotNull,
  skipStatement,
  takeLock,
  toggleTrigger,
  truncateTable,
  updateAllRows,
  usePrimaryIndex,
  useUniqueIndex,
  validateConstraint,
  validateInSameTransaction,
  widenColumnType,
]

export const RULES_BY_ID: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.id, rule]))
