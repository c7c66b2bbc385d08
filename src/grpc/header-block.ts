/**
 * A decoded list of header fields, in order. Blocks that repeat are decoded once and shared, so what a reader derives
 * from a block may be kept with it in `derived`.
 */
export class HeaderBlock {
  /** Name, value, name, value, …: one character per octet. */
  readonly fields: readonly string[];
  /** The size by RFC 9113 §6.5.2 was above our limit: the rest was dropped. */
  readonly oversize: boolean;
  derived: unknown;

  constructor(fields: readonly string[], oversize: boolean) {
    this.fields = fields;
    this.oversize = oversize;
  }

  /** The first value of a name. */
  get(name: string): string | undefined {
    const { fields } = this;
    for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
    return undefined;
  }
}
