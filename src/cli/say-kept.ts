import type { Plan } from '../index.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import type { Stage } from './run-plan.ts'

/** After a destroy, says that saved plans cannot be used again, and why the directory is still there. Returns the exit code. */
export function sayKept({ kernel, options, terminal }: Stage, plan: Plan, exitCode: ExitCode): ExitCode {
  const { action, stack, directory } = plan
  const isSaid = action === 'destroy' && exitCode === exitCodes.success && !options.json
  if (isSaid && kernel.bpffs.stat(`${directory}/used`))
    terminal.write(
      `Which saved plans were used stays known in ${directory}/used; pinfold destroy ${stack} --purge forgets it.\n`,
    )
  return exitCode
}
