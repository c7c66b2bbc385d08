/** Base64 as Go's encoding/json reads and writes []byte: the standard alphabet, padded. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The offset of the first character that does not belong, or -1 when `text` is base64. */
export function base64Problem(text: string): number {
  const bare = text.replace(/={1,2}$/, '');
  for (let i = 0; i < bare.length; i++) if (!alphabet.includes(bare[i]!)) return i;
  return text.length % 4 === 0 && bare.length % 4 !== 1 ? -1 : text.length - (text.length % 4);
}

/** How many bytes valid base64 stands for. */
export function base64Length(text: string): number {
  return (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
}
