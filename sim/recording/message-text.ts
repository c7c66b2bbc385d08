/** What a packet is, in a word and a detail, as far as it can be told by looking. */
export function messageText(item: unknown): { readonly kind: string; readonly detail: string } {
  if (typeof item !== 'object' || item === null) return { kind: 'end', detail: '' };
  if (item instanceof Uint8Array) return { kind: 'bytes', detail: `${item.length} bytes` };
  const fields = item as Readonly<Record<string, unknown>>;
  const { type, packed, request } = fields;
  if (type === 'raft' && typeof packed === 'object' && packed !== null) return raftText(packed);
  if (typeof request === 'object' && request !== null) {
    const { method, path } = request as { readonly method?: string; readonly path?: string };
    return { kind: method ?? 'request', detail: path ?? '' };
  }
  if (type === 'call') return { kind: String(fields['method']), detail: shortJson(fields['arguments']) };
  if (type === 'head') return { kind: 'response', detail: String(fields['status']) };
  return { kind: typeof type === 'string' ? type : 'packet', detail: '' };
}

function raftText(message: object): { readonly kind: string; readonly detail: string } {
  const fields = message as Readonly<Record<string, unknown>>;
  const details: string[] = [];
  for (const name of ['term', 'logTerm', 'index', 'commit', 'reject'] as const) {
    if (fields[name] !== undefined) details.push(`${name} ${String(fields[name])}`);
  }
  const { entries } = fields;
  // Three words an entry in MsgApp, two in MsgProp (src/etcd/peer-codec.ts).
  if (Array.isArray(entries) && entries.length > 0) {
    const count = entries.length / (fields['type'] === 'MsgApp' ? 3 : 2);
    details.push(`${count} ${count === 1 ? 'entry' : 'entries'}`);
  }
  return { kind: String(fields['type']), detail: details.join(', ') };
}

const shortLength = 120;

function shortJson(value: unknown): string {
  const text =
    JSON.stringify(value, (_key, inner: unknown) =>
      inner instanceof Uint8Array
        ? `${inner.length} bytes`
        : typeof inner === 'bigint'
          ? String(inner)
          : inner,
    ) ?? '';
  return text.length > shortLength ? `${text.slice(0, shortLength)}…` : text;
}
