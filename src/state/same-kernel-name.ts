/** Whether the kernel would call a map so: it keeps 15 bytes of a name, other characters than these replaced. */
export const sameKernelName = (name: string, kernelName: string): boolean =>
  name === kernelName || name.replace(/[^A-Za-z0-9_.]/g, '_').slice(0, 15) === kernelName
