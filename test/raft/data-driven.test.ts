import { describe, expect, it } from 'vitest';

import { parseCommand, replay } from './data-driven.ts';

describe('the grammar of data-driven tests', () => {
  it('takes words, keys with a value or several, input, and a command that goes on in the next line', () => {
    expect(parseCommand(['do 1 a=b \\', 'c=(1, 2,_) d=()', 'one', '', 'two'])).toEqual({
      name: 'do',
      words: ['1'],
      options: new Map([
        ['a', ['b']],
        ['c', ['1', '2', '_']],
        ['d', []],
      ]),
      input: ['one', '', 'two'],
    });
  });

  it('replaces what was shown, and nothing else', () => {
    const text = '# why\n\nsay a\n----\nold\nold\n\n# more\nsay b\nwith input\n----\n';
    expect(replay(text, ({ words }) => words)).toBe(
      '# why\n\nsay a\n----\na\n\n# more\nsay b\nwith input\n----\nb\n',
    );
    expect(replay('nothing\n----\n', () => [])).toBe('nothing\n----\nok\n');
  });

  it('frames what has blank lines twice, and takes the frame off when it is not needed any more', () => {
    const framed = 'say\n----\n----\na\n\nb\n----\n----\n\nsay\n----\nc\n';
    let count = 0;
    expect(replay(framed, () => (count++ === 0 ? ['a', '', 'b'] : ['c']))).toBe(framed);
    expect(replay(framed, () => ['c'])).toBe('say\n----\nc\n\nsay\n----\nc\n');
    expect(replay('say\n----\n', () => ['a', '', 'b'])).toBe('say\n----\n----\na\n\nb\n----\n----\n');
  });

  it('refuses a command without its end, and a frame without its own', () => {
    expect(() => replay('say a\n', () => [])).toThrow('no ---- after say a');
    expect(() => replay('say\n----\n----\na\n', () => [])).toThrow('no ---- twice');
  });
});
