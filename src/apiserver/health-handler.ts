import type { EtcdClient } from '../etcd/client.ts';
import { noMember } from '../etcd/client.ts';
import { EtcdError } from '../etcd/errors.ts';
import type { HttpResponse } from '../platform/http.ts';
import { textResponse } from './responses.ts';

interface Check {
  readonly name: string;
  /** undefined when well, else what is wrong. */
  run(): Promise<string | undefined>;
}

/** Health endpoints in the real server's format: `ok`, or the list of checks when one fails or is asked for. */
export class HealthHandler {
  readonly #checks: Readonly<Record<string, readonly Check[]>>;

  /** `isStarted`: whether caches are filled and the system namespaces are there. */
  constructor(etcd: EtcdClient, isStarted: () => boolean) {
    const ping: Check = { name: 'ping', run: async () => undefined };
    const store: Check = { name: 'etcd', run: () => leaderProblem(etcd) };
    const started: Check = {
      name: 'informer-sync',
      run: async () => (isStarted() ? undefined : 'watch caches are not filled yet'),
    };
    // Alive is who can answer at all: a store without a leader is no reason to restart this server.
    this.#checks = { livez: [ping], healthz: [ping, store], readyz: [ping, store, started] };
  }

  /** undefined when the path is none of its own. */
  async handle(path: string, query: URLSearchParams): Promise<HttpResponse | undefined> {
    const [endpoint = '', only, ...rest] = path.split('/').filter((part) => part !== '');
    const checks = this.#checks[endpoint];
    if (checks === undefined || rest.length > 0) return undefined;
    const excluded = new Set(query.getAll('exclude'));
    const chosen = checks.filter(({ name }) => (only === undefined ? !excluded.has(name) : name === only));
    if (only !== undefined && chosen.length === 0) return undefined;
    const lines: string[] = [];
    let failed = false;
    for (const check of chosen) {
      const problem = await check.run();
      failed ||= problem !== undefined;
      lines.push(problem === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: ${problem}`);
    }
    for (const name of excluded) {
      if (checks.some((check) => check.name === name)) continue;
      lines.push(`warn: some health checks cannot be excluded: no matches for "${name}"`);
    }
    if (failed) return textResponse(500, `${lines.join('\n')}\n${endpoint} check failed\n`);
    return textResponse(200, query.has('verbose') ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok');
  }
}

async function leaderProblem(etcd: EtcdClient): Promise<string | undefined> {
  try {
    const { leader } = await etcd.status();
    return leader === noMember ? 'etcd has no leader' : undefined;
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    return error.message;
  }
}
