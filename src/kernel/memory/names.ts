/** A name as the kernel keeps it: 15 bytes of letters, digits, `_` and `.`. */
export const kernelName = (name: string): string => name.slice(0, 15).replace(/[^A-Za-z0-9_.]/g, '_')
