import type { Diagnostic, ImportSurvey } from '../../index.ts'
import type { Paint } from '../terminal.ts'
import { renderDiagnostic } from './diagnostic.ts'
import { counted } from './text.ts'

/** What was found for an import, and what is to be written. */
export interface FindingsView {
  readonly stack: string
  /** The manifest's file. */
  readonly out: string
  readonly survey: ImportSurvey
  /** The manifest. */
  readonly text: string
}

/** What `import` found; where nothing stands in the way its plan follows. */
export interface ImportDocument {
  readonly type: 'import'
  readonly version: 1
  /** The stack that is to be made. */
  readonly stack: string
  /** Where the manifest goes. */
  readonly file: string
  /** The manifest, as YAML. */
  readonly manifest: string
  /** Errors stand in the way; warnings are what a reader has to know. */
  readonly findings: readonly Diagnostic[]
}

/** True where something stands in the way. */
export const hasErrors = ({ findings }: ImportSurvey): boolean => findings.some(({ severity }) => severity === 'error')

/** What was matched and what was not, then an empty line for the plan that follows. */
export function renderFindings({ out, survey }: FindingsView, paint: Paint): string {
  const { maps, programs, links, findings } = survey
  const what = [counted(maps.length, 'map'), counted(programs.length, 'program'), counted(links.length, 'link')].join(
    ', ',
  )
  const lines = findings.map((finding) => `${renderDiagnostic(finding, paint)}\n`).join('')
  const ending = hasErrors(survey)
    ? 'Nothing was changed, and no manifest was written.\n'
    : `The manifest will be written to ${out}; what is imported keeps running and keeps its pins.\n\n`
  return `${paint('bold', 'Found:')} ${what} that the objects declare.\n${lines}${ending}`
}

/** The same as a document, with the manifest's text. */
export const findingsDocument = ({ stack, out, survey, text }: FindingsView): ImportDocument => ({
  type: 'import',
  version: 1,
  stack,
  file: out,
  manifest: text,
  findings: survey.findings,
})
