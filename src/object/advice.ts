const compile = 'compile it with `clang -g -O2 -target bpf -c`'
const damaged = 'the file is truncated or damaged; compile it again'

/** What to do about an object file that cannot be read, by the error's code; absent where each sentence brings its own. */
export const advice: Readonly<Record<string, string>> = {
  O001: `name the object file that clang wrote: ${compile}`,
  O002: damaged,
  O003: `it is damaged, or no object file as clang writes it: ${compile}`,
  O004: compile,
  O005: 'it was stripped too far: `llvm-strip -g` keeps what is needed',
  O006: 'compile it without -gz',
  O007: damaged,
  O010: damaged,
  O011: damaged,
  O020: 'define maps in SEC(".maps") by structs of __uint, __type and __array, and compile with -g',
  O021: 'a static value is the address of a program, or of a map, of the same object',
  O022: 'a definition of the older form is five numbers: type, key size, value size, entries, flags',
  O023: 'rename one of them',
  O030: damaged,
  O031: `it is damaged, or the linker left something open: ${compile}`,
  O032: 'rename one of them',
  O040: damaged,
}
