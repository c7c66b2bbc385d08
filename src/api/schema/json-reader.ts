import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';

/**
 * A JSON reader that says what JSON.parse does not: which fields came twice, and what is wrong in the words
 * of Go's encoding/json, which clients' users know. JSON.parse is the fast path; this runs when it fails or
 * when the text has more keys than the value.
 */

export interface JsonText {
  readonly value: unknown;
  /** Paths of fields that came more than once, each once per repetition. The last one counts. */
  readonly duplicates: readonly string[];
}

/** Go's limit; deeper input is an attack. */
const depthMax = 10_000;

/** Reads `text`; the error is Go's sentence. */
export function readJson(text: string): Result<JsonText, string> {
  try {
    const value: unknown = JSON.parse(text);
    if (countKeysInText(text) === countKeysInValue(value)) return ok({ value, duplicates: [] });
  } catch {
    // Syntax errors and too deep nesting are described by the reader below.
  }
  return new Reader(text).read();
}

/** Strings followed by a colon, which in valid JSON are the keys. */
function countKeysInText(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) {
    at = closingQuote(text, at);
    let next = at + 1;
    while (isSpace(text.charCodeAt(next))) next++;
    if (text.charCodeAt(next) === colon) count++;
  }
  return count;
}

/** Where the string that begins at `start` ends: at the first quote behind an even number of backslashes. */
function closingQuote(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  for (;;) {
    let first = at;
    while (text.charCodeAt(first - 1) === backslash) first--;
    if ((at - first) % 2 === 0) return at;
    at = text.indexOf('"', at + 1);
  }
}

/** Plain loops: this is done for every body. */
function countKeysInValue(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) count += countKeysInValue(value[i]);
    return count;
  }
  for (const key in value) count += 1 + countKeysInValue((value as Record<string, unknown>)[key]);
  return count;
}

const backslash = 0x5c;
const colon = 0x3a;

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

class Reader {
  readonly #text: string;
  readonly #duplicates: string[] = [];
  #at = 0;
  #problem = '';

  constructor(text: string) {
    this.#text = text;
  }

  read(): Result<JsonText, string> {
    const value = this.#value('', 0);
    if (this.#problem === '') {
      this.#skipSpace();
      if (this.#at < this.#text.length) this.#fail('after top-level value');
    }
    return this.#problem === '' ? ok({ value, duplicates: this.#duplicates }) : err(this.#problem);
  }

  #fail(where: string): undefined {
    if (this.#problem !== '') return undefined;
    const character = this.#text[this.#at];
    this.#problem =
      character === undefined
        ? 'unexpected end of JSON input'
        : `invalid character ${quoted(character)} ${where}`;
    return undefined;
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
  }

  #value(path: string, depth: number): unknown {
    this.#skipSpace();
    const character = this.#text[this.#at];
    if ((character === '{' || character === '[') && depth >= depthMax)
      return this.#fail('exceeded max depth');
    if (character === '{') return this.#object(path, depth);
    if (character === '[') return this.#array(path, depth);
    if (character === '"') return this.#string();
    if (character === 't') return this.#literal('true', true);
    if (character === 'f') return this.#literal('false', false);
    if (character === 'n') return this.#literal('null', null);
    return this.#number();
  }

  #object(path: string, depth: number): unknown {
    const result: Record<string, unknown> = {};
    this.#at++;
    this.#skipSpace();
    if (this.#text[this.#at] === '}') {
      this.#at++;
      return result;
    }
    for (;;) {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') return this.#fail('looking for beginning of object key string');
      const key = this.#string();
      if (key === undefined) return undefined;
      this.#skipSpace();
      if (this.#text[this.#at] !== ':') return this.#fail('after object key');
      this.#at++;
      const here = path === '' ? key : `${path}.${key}`;
      if (Object.hasOwn(result, key)) this.#duplicates.push(here);
      const value = this.#value(here, depth + 1);
      if (this.#problem !== '') return undefined;
      Object.defineProperty(result, key, { value, enumerable: true, writable: true, configurable: true });
      this.#skipSpace();
      const next = this.#text[this.#at];
      if (next !== ',' && next !== '}') return this.#fail('after object key:value pair');
      this.#at++;
      if (next === '}') return result;
    }
  }

  #array(path: string, depth: number): unknown {
    const result: unknown[] = [];
    this.#at++;
    this.#skipSpace();
    if (this.#text[this.#at] === ']') {
      this.#at++;
      return result;
    }
    for (;;) {
      result.push(this.#value(`${path}[${result.length}]`, depth + 1));
      if (this.#problem !== '') return undefined;
      this.#skipSpace();
      const next = this.#text[this.#at];
      if (next !== ',' && next !== ']') return this.#fail('after array element');
      this.#at++;
      if (next === ']') return result;
    }
  }

  #string(): string | undefined {
    const start = this.#at;
    for (this.#at++; this.#text[this.#at] !== '"'; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code) || code < 0x20) return this.#fail('in string literal');
      if (code === backslash) {
        this.#at++;
        if (!/["\\/bfnrtu]/.test(this.#text[this.#at] ?? '')) return this.#fail('in string escape code');
        for (let digit = 0; this.#text[this.#at - digit] === 'u' && digit < 4; digit++) {
          if (!/[0-9a-fA-F]/.test(this.#text[this.#at + 1] ?? '')) {
            this.#at++;
            return this.#fail('in \\u hexadecimal character escape');
          }
          this.#at++;
        }
      }
    }
    this.#at++;
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #literal(word: string, value: unknown): unknown {
    for (const [index, character] of [...word].entries()) {
      if (this.#text[this.#at] !== character) {
        return this.#fail(`in literal ${word} (expecting '${word[index]}')`);
      }
      this.#at++;
    }
    return value;
  }

  #number(): unknown {
    const match = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/.exec(this.#text.slice(this.#at, this.#at + 400));
    if (match === null) {
      if (this.#text[this.#at] === '-') {
        this.#at++;
        return this.#fail('in numeric literal');
      }
      return this.#fail('looking for beginning of value');
    }
    this.#at += match[0].length;
    return Number(match[0]);
  }
}

function quoted(character: string): string {
  if (character === "'") return "'\\''";
  if (character === '"') return "'\"'";
  const code = character.charCodeAt(0);
  return code < 0x20 ? `'\\x${code.toString(16).padStart(2, '0')}'` : `'${character}'`;
}
