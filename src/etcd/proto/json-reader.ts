import { decodeUtf8 } from '../../base/bytes.ts';

/** A JSON value with where it stands. Numbers stay text: 64 bits of them do not fit into a JavaScript number. */
export type JsonNode = {
  /** As it was written. */
  readonly text: string;
  /** 1-based line and column, `1:8`. */
  readonly place: string;
} & (
  | { readonly type: 'object'; readonly members: readonly (readonly [name: JsonString, value: JsonNode])[] }
  | { readonly type: 'array'; readonly items: readonly JsonNode[] }
  | StringValue
  | { readonly type: 'number' }
  | { readonly type: 'true' | 'false' | 'null' }
);

interface StringValue {
  readonly type: 'string';
  readonly string: string;
  /** What is wrong with half a surrogate pair. JSON has it, a message has not: who reads the node throws it. */
  readonly flaw: (() => JsonError) | undefined;
}

export type JsonString = Pick<JsonNode, 'text' | 'place'> & StringValue;

/** Text that is no JSON, or not the JSON of a message. `message` is in the words of Go, which the gateway's clients see. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

const nestingMax = 1000;
/** `\udc00` */
const otherHalfLength = 6;
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
  /** Where in the text the half of a surrogate pair ends that the string read last has first. */
  #halfAt: number | undefined;

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
      case '"':
        return this.#stringNode();
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

  #stringNode(): JsonString {
    const from = this.#at;
    const place = this.#place(from);
    this.#halfAt = undefined;
    const string = this.#string();
    const half = this.#halfAt;
    return {
      type: 'string',
      string,
      text: this.#text.slice(from, this.#at),
      place,
      flaw: half === undefined ? undefined : () => this.#halfError(half, place),
    };
  }

  /** In the words of Go's protojson, which wants the other half at once, in six bytes of this value. */
  #halfError(at: number, place: string): JsonError {
    if (this.#at - at < otherHalfLength) return new JsonError('proto: unexpected EOF');
    const other = JSON.stringify(this.#text.slice(at, at + otherHalfLength));
    return new JsonError(`proto: syntax error (line ${place}): invalid escape code ${other} in string`);
  }

  #members(nesting: number): (readonly [JsonString, JsonNode])[] {
    const members: (readonly [JsonString, JsonNode])[] = [];
    this.#at++;
    this.#skipSpace();
    if (this.#peek() === '}') {
      this.#at++;
      return members;
    }
    for (;;) {
      this.#skipSpace();
      if (this.#peek() !== '"') this.#unexpected('looking for beginning of object key string');
      const name = this.#stringNode();
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
      const unit = Number.parseInt(digits, 16);
      if (!isSurrogate(unit)) return String.fromCharCode(unit);
      const other = /^\\u(d[c-f][0-9a-f]{2})/i.exec(this.#text.slice(this.#at, this.#at + otherHalfLength));
      if (unit >= 0xdc00 || other === null) {
        this.#halfAt ??= this.#at;
        return '\uFFFD';
      }
      this.#at += otherHalfLength;
      return String.fromCharCode(unit, Number.parseInt(other[1]!, 16));
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

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000;
}

/** Whether a unit stands for itself in a string: not its end, no escape, no control character; NaN is the end of the text. */
function isPlain(unit: number): boolean {
  return unit >= 0x20 && unit !== 0x22 && unit !== 0x5c;
}
