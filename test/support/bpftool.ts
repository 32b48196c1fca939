import { run } from './linux.ts'

/** Pins an array of one number at a path, as somebody else would who knows nothing of pinfold. */
export function pinForeignArray(path: string, name: string): void {
  const shape = ['type', 'array', 'key', '4', 'value', '4', 'entries', '1']
  run('bpftool', 'map', 'create', path, ...shape, 'name', name)
}
