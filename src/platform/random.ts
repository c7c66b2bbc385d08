/** A source of random numbers. In the simulator a seeded stream of its own per host and purpose. */
export interface Random {
  /** A uniform integer in [0, bound), for 1 <= bound <= 2^32. */
  integer(bound: number): number;
  /** A uniform float in [0, 1). */
  float(): number;
  /** `length` random bytes; unpredictable on a real host. */
  bytes(length: number): Uint8Array;
}
