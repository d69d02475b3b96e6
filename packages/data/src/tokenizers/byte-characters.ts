/**
 * The printable character that stands for each byte in byte-level vocabularies: bytes that print stand for themselves,
 * the others for U+0100 and on (Radford et al. 2019, `bytes_to_unicode` of the released encoder).
 */
export const byteCharacters: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const prints = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(prints ? byte : next++);
  });
})();

/** The byte each such character stands for; none below -1. Indexed by character code, up to U+0143. */
const bytesOf: Int16Array = (() => {
  const table = new Int16Array(0x144).fill(-1);
  for (const [byte, character] of byteCharacters.entries()) table[character.charCodeAt(0)] = byte;
  return table;
})();

/** The byte that `unit` stands for, -1 when it stands for none. */
function byteOf(unit: number): number {
  return unit < bytesOf.length ? bytesOf[unit]! : -1;
}

const encoder = new TextEncoder();

/** A text in UTF-8, each byte as its character. */
export function toByteCharacters(text: string): string {
  let result = "";
  for (const byte of encoder.encode(text)) result += byteCharacters[byte];
  return result;
}

/** The bytes of a token of a byte-level vocabulary; a token with other characters (an added one) gives its UTF-8. */
export function fromByteCharacters(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length);
  for (let at = 0; at < token.length; at++) {
    const byte = byteOf(token.charCodeAt(at));
    if (byte < 0) return encoder.encode(token);
    bytes[at] = byte;
  }
  return bytes;
}
