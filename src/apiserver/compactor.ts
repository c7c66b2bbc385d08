import { encodeUtf8 } from '../base/bytes.ts';
import type { EtcdClient } from '../etcd/client.ts';
import { EtcdError } from '../etcd/errors.ts';
import type { Platform } from '../platform/platform.ts';

/** How long superseded revisions are kept, at least; at most twice that. */
const compactionIntervalMillis = 300_000;

/** The key over which the servers agree who compacts: the real server's own. */
const compactRevisionKey = 'compact_rev_key';

/**
 * Makes the store forget superseded revisions, or it would grow for ever. Every server tries once per
 * interval; the key's version lets one of them through, and what it compacts is what was current one
 * interval ago, so that pages and watches of that age still work (kube's etcd3 compactor).
 */
export class Compactor {
  readonly #platform: Platform;
  readonly #etcd: EtcdClient;
  /** The key's version as this server last saw it, and the store's revision at that time. */
  #seen = { version: 0, revision: 0 };

  constructor(platform: Platform, etcd: EtcdClient) {
    this.#platform = platform;
    this.#etcd = etcd;
  }

  /** Until `signal` aborts. Never rejects for what etcd does. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#platform;
    while (await clock.sleep(compactionIntervalMillis, signal)) {
      try {
        await this.#tryOnce();
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
        logger.warn('the store was not compacted', { error: error.message });
      }
    }
  }

  async #tryOnce(): Promise<void> {
    const key = compactRevisionKey;
    const { version, revision } = this.#seen;
    const { succeeded, responses, header } = await this.#etcd.txn({
      compare: [{ key, target: 'version', result: 'equal', version }],
      success: [{ type: 'put', request: { key, value: encodeUtf8(String(revision)) } }],
      failure: [{ type: 'range', request: { key } }],
    });
    const [reply] = responses;
    if (!succeeded) {
      const newer = reply?.type === 'range' ? reply.response.kvs[0] : undefined;
      this.#seen = { version: newer?.version ?? 0, revision: header.revision };
      return;
    }
    this.#seen = { version: version + 1, revision: header.revision };
    if (revision > 0) await this.#etcd.compact(revision);
  }
}
