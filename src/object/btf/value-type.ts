import type { ByteOrder } from '../cursor.ts'
import type { BtfTypes } from './btf-types.ts'

/** How bytes are to be understood. Without `types` and `typeId` only their number is known. */
export interface ValueType {
  readonly types?: BtfTypes | undefined
  readonly typeId?: number | undefined
  /** Bytes. */
  readonly size: number
  readonly byteOrder: ByteOrder
}
