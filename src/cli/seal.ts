import { createHash } from 'node:crypto'
import type { Envelope } from './envelope.ts'

/** A document that has an envelope. */
interface Enveloped {
  readonly envelope: Envelope
}

/**
 * Makes the nonce depend on all of the document: 16 digits by chance, 16 of the SHA-256 of the document with only those. So a
 * change of anything, by mistake or by hand, is noticed when the document is read; it is no signature.
 */
export function seal<D extends Enveloped>(document: D): D {
  return withNonce(document, document.envelope.nonce + sealOf(document))
}

/** Whether nothing was changed since a document was sealed. */
export function isSealed(document: Enveloped): boolean {
  const { nonce } = document.envelope
  return sealOf(withNonce(document, nonce.slice(0, digits))) === nonce.slice(digits)
}

const digits = 16

const withNonce = <D extends Enveloped>(document: D, nonce: string): D => ({
  ...document,
  envelope: { ...document.envelope, nonce },
})

const sealOf = (document: Enveloped): string =>
  createHash('sha256').update(JSON.stringify(document)).digest('hex').slice(0, digits)
