/** CPU time of this process, its compiler's and its collector's threads too, since this was made. */
export class CpuTime {
  readonly #start = process.cpuUsage();

  get seconds(): number {
    const { user, system } = process.cpuUsage(this.#start);
    return (user + system) / 1e6;
  }
}
