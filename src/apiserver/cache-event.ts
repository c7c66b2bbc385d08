import type { ApiObject } from '../api/types.ts';
import { assert } from '../base/assert.ts';
import { encodeUtf8 } from '../base/bytes.ts';
import { EncodedObject } from './encoded-object.ts';
import { withResourceVersion } from './storage.ts';

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** What one client sees of a change. */
export interface SeenEvent {
  readonly type: WatchEventType;
  readonly object: EncodedObject;
}

/** One change of one object, encoded at most once per way of seeing it, for all watchers together. */
export class CacheEvent {
  readonly revision: number;
  /** Absent when the object was deleted. */
  readonly current: EncodedObject | undefined;
  readonly previous: EncodedObject | undefined;
  #lastState: EncodedObject | undefined;
  readonly #frames: Partial<Record<WatchEventType, Uint8Array>> = {};

  constructor(revision: number, current: EncodedObject | undefined, previous: EncodedObject | undefined) {
    assert(current !== undefined || previous !== undefined, 'a change has a before or an after');
    this.revision = revision;
    this.current = current;
    this.previous = previous;
  }

  /** The change as a selector shows it: an object that stops matching is DELETED, one that starts is ADDED. */
  seenThrough(matches: (object: ApiObject) => boolean): SeenEvent | undefined {
    const isSeen = this.current !== undefined && matches(this.current.object);
    const wasSeen = this.previous !== undefined && matches(this.previous.object);
    if (isSeen) return { type: wasSeen ? 'MODIFIED' : 'ADDED', object: this.current! };
    return wasSeen ? { type: 'DELETED', object: this.#deleted() } : undefined;
  }

  /** The frame of what `seenThrough` returned: one line of JSON. */
  frameOf(seen: SeenEvent): Uint8Array {
    return (this.#frames[seen.type] ??= jsonFrame(seen.type, seen.object.json));
  }

  /** The state before the change, with the change's revision: what DELETED carries. */
  #deleted(): EncodedObject {
    assert(this.previous !== undefined, 'what was never there cannot be deleted');
    return (this.#lastState ??= new EncodedObject(withResourceVersion(this.previous.object, this.revision)));
  }
}

/** A watch event on the wire: newline-delimited JSON. */
export function jsonFrame(type: WatchEventType | 'BOOKMARK' | 'ERROR', objectJson: string): Uint8Array {
  return encodeUtf8(`{"type":"${type}","object":${objectJson}}\n`);
}
