import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import { Store } from '../../src/mvcc/store.ts';

describe('Store', () => {
  it('starts at revision 1, and the first write is revision 2', () => {
    const store = new Store();
    expect(store.revision).toBe(1);
    expect(store.put({ key: 'a', value: encodeUtf8('1') })).toEqual({ ok: true, value: {} });
    expect(store.revision).toBe(2);
    store.checkInvariants();
  });
});
