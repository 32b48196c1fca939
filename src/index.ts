// The public API, from the manifest to the kernel and back; the command line is its first user.
export { apply } from './apply/apply.ts'
export type { ApplyEvent, Outcome, Problem } from './apply/event.ts'
export type { ApplyOptions } from './apply/execution.ts'
export { type LockOptions, lockStack } from './apply/lock.ts'
export { precheck } from './apply/precheck.ts'
export { nameFor, phraseOf } from './apply/problem.ts'
export { whyUsed } from './apply/use-plan.ts'
export { type Judgement, type Verification, verify } from './apply/verify.ts'
export type {
  CodeDifference,
  Difference,
  DifferencePart,
  Hunk,
  HunkRange,
  ValueDifference,
  ValuesDifference,
} from './differences/difference.ts'
export { type DifferenceQuestion, findDifferences } from './differences/find-differences.ts'
export { type ErrorCode, errorCodes } from './error-codes.ts'
export type { Mounts } from './kernel/files.ts'
export {
  checkSnapshot,
  type HostSnapshot,
  isSnapshot,
} from './kernel/host-snapshot.ts'
export type { Fd, Kernel, KernelIdentity } from './kernel/kernel.ts'
export { type MemoryMachine, openMemoryMachine } from './kernel/memory/memory-kernel.ts'
export { type KernelKind, openKernel } from './kernel/open-kernel.ts'
export { readRecord } from './kernel/record-map.ts'
export type { PlanStamp } from './kernel/used-map.ts'
export {
  type LoadedManifest,
  type LoadOptions,
  loadManifest,
  parseManifest,
} from './manifest/load.ts'
export type { SavedVariable } from './manifest/variables.ts'
export { type Address, type Kind, kindOf, nameOf } from './model/address.ts'
export type { Checkup } from './model/checkup.ts'
export type { Diagnostic, Position } from './model/diagnostic.ts'
export {
  type ErrorFields,
  KernelError,
  ManifestError,
  ObjectError,
  PinfoldError,
  PlanError,
} from './model/errors.ts'
export { describeTarget, type LinkTarget } from './model/link-spec.ts'
export { type LintPolicy, type LintRule, lintRules, type Silence } from './model/lint-rules.ts'
export type { BtfFile, Machine } from './model/machine.ts'
export type { InitialContents, MapShape, MapSpec, Variable } from './model/map-spec.ts'
export { type MapType, mapTypeRule } from './model/map-types.ts'
export { instructionCount, type ProgramSpec } from './model/program-spec.ts'
export type { AttachType, ProgramType } from './model/program-types.ts'
export type { Awaited, StackRecord } from './model/record.ts'
export type {
  CurrentState,
  DesiredState,
  LinkState,
  MapState,
  ProgramState,
  ProgramTarget,
  Resource,
  State,
  Stray,
  Tree,
  TreePin,
} from './model/state.ts'
export type { Holder, Trace } from './model/trace.ts'
export type { Value } from './model/value.ts'
export type { Omitted, SourceLine, SourcePlace, VerifierLog, VerifierReport } from './model/verifier.ts'
export type { ObjectFile } from './object/object-file.ts'
export { readObject } from './object/read.ts'
export { isBlocked } from './plan/block.ts'
export type { Action, Cause, Change, PinChange, Protection, Reason, Verdict } from './plan/change.ts'
export { makeConfirmPlan, type Unconfirmed, unconfirmedAt } from './plan/confirm.ts'
export { type DestroyOptions, makeDestroyPlan } from './plan/destroy.ts'
export { examine } from './plan/doctor/examine.ts'
export type { Finding, Repair } from './plan/doctor/finding.ts'
export { makeRepairPlan } from './plan/doctor/repair.ts'
export { type Drift, type DriftKind, findDrift } from './plan/drift.ts'
export { type Forgetting, forgottenState, makeForgetPlan } from './plan/forget.ts'
export { guardDesired } from './plan/guard.ts'
export { keptOnDestroy } from './plan/kept-on-destroy.ts'
export { hasChanges, makePlan } from './plan/make-plan.ts'
export { type Holders, type Ledger, type LedgerRow, type Plan, type Precondition, verbOf } from './plan/plan.ts'
export { type Leftover, mayNeedRecovery, planRecovery, type RecoveryPlan } from './plan/recover.ts'
export { formerState } from './plan/rollback.ts'
export type { Operation, Phase, Step } from './plan/step.ts'
export { checkDirectory, type DirectoryCheck, listStacks, type StackSearch } from './state/check-directory.ts'
export type { DesiredWorld } from './state/desired-reading.ts'
export { type Draft, type DraftMap, type DraftObject, type DraftProgram, draftManifest } from './state/draft.ts'
export { readImported } from './state/import/read-imported.ts'
export { type ImportSurvey, surveyImport } from './state/import/survey.ts'
export { madeUpSizes, manifestOfObject } from './state/object-manifest.ts'
export { type Candidates, readCandidates } from './state/read-candidates.ts'
export { readCheckup } from './state/read-checkup.ts'
export { emptyGraph, type Place, readCurrent } from './state/read-current.ts'
export { readDesired } from './state/read-desired.ts'
export { readTraces } from './state/read-traces.ts'
export { readTreesAhead } from './state/read-trees.ts'
export { type SnapshotOptions, takeSnapshot } from './state/snapshot/take-snapshot.ts'
export { readSurroundings } from './state/surroundings.ts'
export type { Measure } from './util/measure.ts'
