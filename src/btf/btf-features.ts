/** What BTF may hold and an older kernel refuses; `since` is the first Linux that takes it. */
export const btfFeatures = [
  { name: 'functions', since: '5.0' },
  { name: 'sections', since: '5.2' },
  { name: 'global functions', since: '5.6' },
  { name: 'floats', since: '5.13' },
  { name: 'declaration tags', since: '5.16' },
  { name: 'type tags', since: '5.17' },
  /** 64-bit ones, and the sign of others. */
  { name: 'enum64', since: '6.0' },
  /** Sections whose name begins with a question mark. */
  { name: 'optional sections', since: '6.9' },
] as const

/** A feature of BTF that older kernels lack. */
export type BtfFeature = (typeof btfFeatures)[number]['name']
