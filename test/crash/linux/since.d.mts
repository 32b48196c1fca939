import type { Addon } from '../../../src/kernel/addon.ts'

export declare function hideOlder(addon: Addon, since: string | undefined): void
