/** Allows a burst, and a rate beyond it: what tells a busy peer from one that floods. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #atMillis: number;

  constructor(burst: number, perSecond: number, nowMillis: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#tokens = burst;
    this.#atMillis = nowMillis;
  }

  /** Takes a token; false when there is none. */
  take(nowMillis: number): boolean {
    const earned = ((nowMillis - this.#atMillis) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    this.#atMillis = nowMillis;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
