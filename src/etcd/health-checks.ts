import { must } from '../base/assert.ts';
import { noMember } from '../raft/types.ts';
import type { Alarm } from './alarms.ts';
import { EtcdError } from './errors.ts';
import type { EtcdServer } from './etcd-server.ts';
import type { Counter, Metrics } from './metrics.ts';

/** How a check went: `failure` is its sentence. */
export interface CheckResult {
  readonly name: string;
  readonly failure?: string;
}

/** What etcd asks of a member, besides `/health`: `livez` whether it is to be restarted, `readyz` whether to send it traffic. */
const checksOf = {
  livez: ['serializable_read'],
  readyz: ['data_corruption', 'serializable_read', 'linearizable_read', 'non_learner'],
} as const;

type Kind = keyof typeof checksOf;

const alarmNames: Record<Alarm['alarm'], string> = { nospace: 'NOSPACE', corrupt: 'CORRUPT' };

/** The checks behind `/health`, `/livez` and `/readyz`. */
export class HealthChecks {
  readonly #member: EtcdServer;
  readonly #successes: Counter;
  readonly #failures: Counter;

  constructor(member: EtcdServer, metrics: Metrics) {
    this.#member = member;
    this.#successes = metrics.counter(
      'etcd_server_health_success',
      'The total number of successful health checks',
    );
    this.#failures = metrics.counter(
      'etcd_server_health_failures',
      'The total number of failed health checks',
    );
  }

  /**
   * What is wrong, or undefined.
   *
   * @param excluded names of alarms, `NOSPACE`, that are not to matter
   * @param serializable whether a member that cannot reach a quorum counts as healthy
   */
  async health(excluded: readonly string[], serializable: boolean): Promise<string | undefined> {
    const reason = await this.#unhealthy(excluded, serializable);
    (reason === undefined ? this.#successes : this.#failures).add();
    return reason;
  }

  async #unhealthy(excluded: readonly string[], serializable: boolean): Promise<string | undefined> {
    const member = this.#member;
    for (const { alarm } of member.alarms()) {
      const name = alarmNames[alarm];
      if (!excluded.includes(name)) return `ALARM ${name}`;
    }
    if (serializable) return undefined;
    if (member.leader === noMember) return 'RAFT NO LEADER';
    const failure = await this.#linearizableRead();
    return failure === undefined ? undefined : `RANGE ERROR:${failure}`;
  }

  /** The checks of an endpoint, or the one that is asked for; undefined when it has no such check. */
  names(kind: Kind, only: string | undefined): readonly string[] | undefined {
    const names: readonly string[] = checksOf[kind];
    if (only === undefined) return names;
    return names.includes(only) ? [only] : undefined;
  }

  /** Runs checks, one after the other. */
  async run(names: readonly string[]): Promise<readonly CheckResult[]> {
    const results: CheckResult[] = [];
    for (const name of names) {
      const failure = await must(this.#runs[name])();
      results.push(failure === undefined ? { name } : { name, failure });
    }
    return results;
  }

  readonly #runs: Readonly<Record<string, () => Promise<string | undefined>>> = {
    data_corruption: async () =>
      this.#member.alarms().some(({ alarm }) => alarm === 'corrupt') ? 'alarm activated: CORRUPT' : undefined,
    // A member that answers here has its store in hand.
    serializable_read: async () => undefined,
    linearizable_read: () => this.#linearizableRead(),
    non_learner: async () => (this.#member.learner ? 'the member is a learner' : undefined),
  };

  async #linearizableRead(): Promise<string | undefined> {
    try {
      await this.#member.linearizableRead();
      return undefined;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      return error.message;
    }
  }
}
