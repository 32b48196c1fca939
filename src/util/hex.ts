/** Bytes as lower-case hexadecimal text, two digits each, no prefix: comparable with `===`, safe in JSON. */
export type Hex = string

/** Returns the bytes as hexadecimal text. */
export const toHex = (bytes: Uint8Array): Hex =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')

/** Returns the bytes that the text stands for. */
export const fromHex = (text: Hex): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
