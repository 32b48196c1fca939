/** Whether an argument looks like a manifest, which people put where a stack or a plan stands. */
export const isManifest = (argument: string): boolean => /\.ya?ml$/.test(argument)

/** Advice for who did. */
export const nameManifest = (command: string, file: string): string =>
  `name the manifest with -f: pinfold ${command} -f ${file}`
