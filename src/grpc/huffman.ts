/**
 * HPACK's Huffman code (RFC 7541 appendix B). The code is canonical: codes ascend by length, then by symbol, so the
 * lengths say everything. Decoding walks a tree of octets in one flat table.
 */

/** Code lengths in bits of the symbols 0..255 and EOS, as runs of `length` or `length*count`. */
const lengthRuns =
  '13 23 28*7 24 30 28*2 30 28*8 30 28*9 6 10*2 12 13 6 8 11 10*2 8 11 8 6*3 5*3 6*7 7 8 15 6 12 10 13 6 7*22 8 7 8 ' +
  '13 19 13 14 6 15 5 6 5 6 5 6*3 5 7*2 6*3 5 6 7 6 5*2 6 7*5 15 11 14 13 28 20 22 20*2 22*3 23 22 23*5 24 23 24*2 ' +
  '22 23 24 23*4 21 22 23 22 23*2 24 22 21 20 22*2 23*2 21 23 22*2 24 21 22 23*2 21*2 22 21 23 22 23*2 20 22*3 23 ' +
  '22*2 23 26*2 20 19 22 23 22 25 26*3 27*2 26 24 25 19 21 26 27*2 26 27 24 21*2 26*2 28 27*3 20 24 20 21 22 21*2 ' +
  '23 22*2 25*2 24*2 26 23 26 27 26*2 27*5 28 27*5 26 30';

const endOfString = 256;

const lengths: readonly number[] = lengthRuns.split(' ').flatMap((run) => {
  const [length, count = '1'] = run.split('*');
  return Array.from({ length: Number(count) }, () => Number(length));
});

/**
 * The tree: entry `node * 2 + bit` is the next node, or `-1 - symbol` at a leaf. Node 0 is the root.
 */
const tree = buildTree();

function buildTree(): Int16Array {
  const nodes: number[] = [0, 0];
  const symbols = [...lengths.keys()].toSorted((a, b) => lengths[a]! - lengths[b]! || a - b);
  let code = 0;
  let codeLength = lengths[symbols[0]!]!;
  for (const symbol of symbols) {
    const length = lengths[symbol]!;
    code <<= length - codeLength;
    codeLength = length;
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const slot = node * 2 + ((code >>> bit) & 1);
      if (bit === 0) {
        nodes[slot] = -1 - symbol;
      } else {
        if (nodes[slot] === 0) {
          nodes[slot] = nodes.length / 2;
          nodes.push(0, 0);
        }
        node = nodes[slot]!;
      }
    }
    code++;
  }
  return Int16Array.from(nodes);
}

/**
 * Text of coded bytes, one character per octet; undefined when they are no valid code: EOS inside, padding longer than
 * seven bits or not of ones (RFC 7541 §5.2).
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  let node = 0;
  let padding = 0;
  let allOnes = true;
  for (let at = start; at < end; at++) {
    const octet = bytes[at]!;
    for (let shift = 7; shift >= 0; shift--) {
      const bit = (octet >>> shift) & 1;
      const next = tree[node * 2 + bit]!;
      if (next < 0) {
        const symbol = -1 - next;
        if (symbol === endOfString) return undefined;
        text += String.fromCharCode(symbol);
        node = 0;
        padding = 0;
        allOnes = true;
      } else {
        node = next;
        padding++;
        if (bit === 0) allOnes = false;
      }
    }
  }
  return padding <= 7 && allOnes ? text : undefined;
}
