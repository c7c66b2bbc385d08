import type { Message, MsgApp, MsgProp } from '../raft/messages.ts';
import type { Entry, Index, Term } from '../raft/types.ts';

/**
 * Raft's messages as they cross a link. Entries are most of what members tell each other, and an object per entry, with its
 * names, would cost more than the entry: they travel as one flat list. Their indexes follow from the message.
 */
export type PackedMessage =
  | Exclude<Message, MsgApp | MsgProp>
  | (Omit<MsgApp, 'entries'> & { readonly entries: readonly (number | Uint8Array)[] })
  | (Omit<MsgProp, 'entries'> & { readonly entries: readonly (number | Uint8Array)[] });

export function packMessage(message: Message): PackedMessage {
  if (message.type === 'MsgApp') {
    const entries: (number | Uint8Array)[] = [];
    for (const { term, type, data } of message.entries) entries.push(term, type === 'normal' ? 0 : 1, data);
    return { ...message, entries };
  }
  if (message.type === 'MsgProp') {
    const entries: (number | Uint8Array)[] = [];
    for (const { type, data } of message.entries) entries.push(type === 'normal' ? 0 : 1, data);
    return { ...message, entries };
  }
  return message;
}

export function unpackMessage(packed: PackedMessage): Message {
  if (packed.type === 'MsgApp') {
    const entries: Entry[] = [];
    for (let i = 0; i < packed.entries.length; i += 3) {
      entries.push({
        index: (packed.index + 1 + entries.length) as Index,
        term: packed.entries[i] as Term,
        type: packed.entries[i + 1] === 0 ? 'normal' : 'conf-change',
        data: packed.entries[i + 2] as Uint8Array,
      });
    }
    return { ...packed, entries };
  }
  if (packed.type === 'MsgProp') {
    const entries: MsgProp['entries'][number][] = [];
    for (let i = 0; i < packed.entries.length; i += 2) {
      entries.push({
        type: packed.entries[i] === 0 ? 'normal' : 'conf-change',
        data: packed.entries[i + 1] as Uint8Array,
      });
    }
    return { ...packed, entries };
  }
  return packed;
}
