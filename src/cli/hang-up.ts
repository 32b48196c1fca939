/**
 * True where whoever started pinfold ignores SIGHUP, as nohup(1) does. Node takes that back when it starts, so the shell that starts
 * Node says it (scripts/bundle-cli.mjs).
 */
export const ignoresHangUp = (): boolean => process.env['PINFOLD_IGNORES'] === 'SIGHUP'

/** Makes it so again. */
export function keepIgnoringHangUp(): void {
  if (ignoresHangUp()) process.on('SIGHUP', () => undefined)
}
