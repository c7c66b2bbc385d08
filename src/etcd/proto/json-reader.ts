import { decodeUtf8 } from '../../base/bytes.ts';

/** A JSON value with where it stands. Numbers stay text: 64 bits of them do not fit into a JavaScript number. */
export type JsonNode = {
  /** As it was written. */
  readonly text: string;
  /** 1-based line and column, `1:8`. */
  readonly place: string;
} & (
  | { readonly type: 'object'; readonly members: readonly (readonly [string, JsonNode])[] }
  | { readonly type: 'array'; readonly items: readonly JsonNode[] }
  | { readonly type: 'string'; readonly string: string }
  | { readonly type: 'number' }
  | { readonly type: 'true' | 'false' | 'null' }
);

/** Text that is no JSON, or not the JSON of a message. `message` is in the words of Go, which the gateway's clients see. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

const nestingMax = 1000;
const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Reads JSON values that stand one after the other. */
export class JsonReader {
  readonly #text: string;
  #at = 0;
  /** Where the current value begins: places count from there, as the gateway cuts the values apart. */
  #start = 0;

  constructor(bytes: Uint8Array) {
    this.#text = decodeUtf8(bytes);
  }

  /** The next value; undefined at the end. @throws JsonError */
  next(): JsonNode | undefined {
    this.#skipSpace();
    if (this.#at >= this.#text.length) return undefined;
    this.#start = this.#at;
    return this.#value(0);
  }

  #value(nesting: number): JsonNode {
    if (nesting > nestingMax) throw new JsonError('exceeded max depth');
    this.#skipSpace();
    const from = this.#at;
    const place = this.#place(from);
    const node = (): { readonly text: string; readonly place: string } => ({
      text: this.#text.slice(from, this.#at),
      place,
    });
    const letter = this.#peek();
    switch (letter) {
      case '{': {
        const members = this.#members(nesting);
        return { type: 'object', members, ...node() };
      }
      case '[': {
        const items = this.#items(nesting);
        return { type: 'array', items, ...node() };
      }
      case '"': {
        const string = this.#string();
        return { type: 'string', string, ...node() };
      }
      case 't':
        this.#literal('true');
        return { type: 'true', ...node() };
      case 'f':
        this.#literal('false');
        return { type: 'false', ...node() };
      case 'n':
        this.#literal('null');
        return { type: 'null', ...node() };
      default:
        if (letter !== '-' && (letter < '0' || letter > '9'))
          this.#unexpected('looking for beginning of value');
        this.#number();
        return { type: 'number', ...node() };
    }
  }

  #members(nesting: number): (readonly [string, JsonNode])[] {
    const members: (readonly [string, JsonNode])[] = [];
    this.#at++;
    this.#skipSpace();
    if (this.#peek() === '}') {
      this.#at++;
      return members;
    }
    for (;;) {
      this.#skipSpace();
      if (this.#peek() !== '"') this.#unexpected('looking for beginning of object key string');
      const name = this.#string();
      this.#skipSpace();
      if (this.#peek() !== ':') this.#unexpected('after object key');
      this.#at++;
      members.push([name, this.#value(nesting + 1)]);
      this.#skipSpace();
      const letter = this.#peek();
      if (letter !== ',' && letter !== '}') this.#unexpected('after object key:value pair');
      this.#at++;
      if (letter === '}') return members;
    }
  }

  #items(nesting: number): JsonNode[] {
    const items: JsonNode[] = [];
    this.#at++;
    this.#skipSpace();
    if (this.#peek() === ']') {
      this.#at++;
      return items;
    }
    for (;;) {
      items.push(this.#value(nesting + 1));
      this.#skipSpace();
      const letter = this.#peek();
      if (letter !== ',' && letter !== ']') this.#unexpected('after array element');
      this.#at++;
      if (letter === ']') return items;
    }
  }

  #string(): string {
    let string = '';
    this.#at++;
    for (;;) {
      // By runs of what stands for itself: values are long.
      const from = this.#at;
      while (isPlain(this.#text.charCodeAt(this.#at))) this.#at++;
      string += this.#text.slice(from, this.#at);
      const letter = this.#peek();
      if (letter < ' ') this.#unexpected('in string literal');
      this.#at++;
      if (letter === '"') return string;
      string += this.#escape();
    }
  }

  #escape(): string {
    const letter = this.#peek();
    if (letter === 'u') {
      const digits = this.#text.slice(this.#at + 1, this.#at + 5);
      const good = /^[0-9a-fA-F]*/.exec(digits)![0].length;
      if (good < 4) {
        this.#at += 1 + good;
        this.#unexpected('in \\u hexadecimal character escape');
      }
      this.#at += 5;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const plain = escapes[letter];
    if (plain === undefined) this.#unexpected('in string escape code');
    this.#at++;
    return plain;
  }

  #literal(word: string): void {
    for (const letter of word) {
      if (this.#peek() !== letter) this.#unexpected(`in literal ${word} (expecting '${letter}')`);
      this.#at++;
    }
  }

  #number(): void {
    numberPattern.lastIndex = this.#at;
    const found = numberPattern.exec(this.#text);
    if (found === null) {
      this.#at++;
      this.#unexpected('in numeric literal');
    }
    this.#at += found[0].length;
  }

  #skipSpace(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? '.')) this.#at++;
  }

  /** The next unit. @throws JsonError at the end, where none of the callers may be */
  #peek(): string {
    const letter = this.#text[this.#at];
    if (letter === undefined) throw new JsonError('unexpected EOF');
    return letter;
  }

  #unexpected(where: string): never {
    const letter = this.#peek();
    const shown =
      letter === "'" ? `'\\''` : letter === '"' ? `'"'` : `'${JSON.stringify(letter).slice(1, -1)}'`;
    throw new JsonError(`invalid character ${shown} ${where}`);
  }

  #place(at: number): string {
    const before = this.#text.slice(this.#start, at).split('\n');
    return `${before.length}:${before.at(-1)!.length + 1}`;
  }
}

/** Whether a unit stands for itself in a string: not its end, no escape, no control character; NaN is the end of the text. */
function isPlain(unit: number): boolean {
  return unit >= 0x20 && unit !== 0x22 && unit !== 0x5c;
}
