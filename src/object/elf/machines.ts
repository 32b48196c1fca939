/** Machines that people compile for by mistake, by their number in the ELF header. */
const machines: Readonly<Record<number, string>> = {
  3: 'x86 (32 bit)',
  8: 'MIPS',
  20: 'PowerPC (32 bit)',
  21: 'PowerPC (64 bit)',
  22: 's390',
  40: 'ARM (32 bit)',
  62: 'x86-64',
  183: 'AArch64',
  243: 'RISC-V',
  258: 'LoongArch',
}

/** The name of an ELF machine, for messages. */
export const machineName = (machine: number): string => machines[machine] ?? `machine ${machine}`
