/**
 * A hash of text for ETags, as 16 upper-case hex digits: tells documents apart, promises nothing against
 * someone who wants a collision. FNV-1a twice, over UTF-16 units.
 */
export function contentHash(text: string): string {
  return (fnv1a(text, 0x811c9dc5) + fnv1a(text, 0x9747b28c)).toUpperCase();
}

function fnv1a(text: string, basis: number): string {
  let hash = basis;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
