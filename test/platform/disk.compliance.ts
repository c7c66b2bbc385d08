import { describe, expect, it } from 'vitest';

import { decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import type { Disk } from '../../src/platform/disk.ts';
import { DiskError } from '../../src/platform/errors.ts';
import type { DiskWorld } from './worlds.ts';

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'succeeded';
  } catch (error) {
    expect(error).toBeInstanceOf(DiskError);
    return (error as DiskError).code;
  }
}

async function writeFile(disk: Disk, path: string, text: string): Promise<void> {
  const file = await disk.open(path, 'create');
  await file.write(0, encodeUtf8(text));
  await file.sync();
  await file.close();
}

async function readFile(disk: Disk, path: string): Promise<string> {
  const file = await disk.open(path, 'read');
  const text = decodeUtf8(await file.read(0, await file.size()));
  await file.close();
  return text;
}

/** What every Disk must do. */
export function diskCompliance(name: string, make: () => Promise<DiskWorld>): void {
  describe(`disk: ${name}`, () => {
    const inWorld = async (work: (world: DiskWorld) => Promise<void>): Promise<void> => {
      const world = await make();
      try {
        await world.run(() => work(world));
      } finally {
        await world.close();
      }
    };

    it('reads back what was written, short only at the end', () =>
      inWorld(async ({ disk, directory }) => {
        const file = await disk.open(`${directory}/f`, 'create');
        expect(file.path).toBe(`${directory}/f`);
        await file.write(0, encodeUtf8('hello world'));
        await file.write(6, encodeUtf8('there'));
        expect(decodeUtf8(await file.read(0, 100))).toBe('hello there');
        expect(decodeUtf8(await file.read(6, 3))).toBe('the');
        expect(await file.read(11, 5)).toHaveLength(0);
        expect(await file.read(500, 5)).toHaveLength(0);
        expect(await file.size()).toBe(11);
        await file.close();
      }));

    it('does not keep the bytes it was given: the writer may reuse its buffer once the write resolved', () =>
      inWorld(async ({ disk, directory }) => {
        const file = await disk.open(`${directory}/f`, 'create');
        const buffer = encodeUtf8('first');
        await file.write(0, buffer);
        buffer.fill(0);
        const read = await file.read(0, 5);
        expect(decodeUtf8(read)).toBe('first');
        read.fill(0);
        expect(decodeUtf8(await file.read(0, 5))).toBe('first');
        await file.close();
      }));

    it('fills holes with zeros, and truncates and extends', () =>
      inWorld(async ({ disk, directory }) => {
        const file = await disk.open(`${directory}/f`, 'create');
        await file.write(4, encodeUtf8('x'));
        expect([...(await file.read(0, 9))]).toEqual([0, 0, 0, 0, 120]);
        await file.truncate(2);
        expect(await file.size()).toBe(2);
        await file.truncate(6);
        expect([...(await file.read(0, 9))]).toEqual([0, 0, 0, 0, 0, 0]);
        await file.close();
      }));

    it('opens for reading or updating only what exists, and creates only what does not', () =>
      inWorld(async ({ disk, directory }) => {
        const path = `${directory}/f`;
        expect(await disk.exists(path)).toBe(false);
        expect(await codeOf(disk.open(path, 'read'))).toBe('ENOENT');
        expect(await codeOf(disk.open(path, 'update'))).toBe('ENOENT');
        expect(await codeOf(disk.open(`${directory}/no/f`, 'create'))).toBe('ENOENT');
        await writeFile(disk, path, 'one');
        expect(await codeOf(disk.open(path, 'create'))).toBe('EEXIST');
        expect(await disk.exists(path)).toBe(true);
        const file = await disk.open(path, 'update');
        await file.write(3, encodeUtf8('!'));
        await file.close();
        expect(await readFile(disk, path)).toBe('one!');
      }));

    it('says in the error what was tried on which path', () =>
      inWorld(async ({ disk, directory }) => {
        const path = `${directory}/missing`;
        await expect(disk.open(path, 'read')).rejects.toMatchObject({
          name: 'DiskError',
          code: 'ENOENT',
          path,
        });
        await expect(disk.open(path, 'read')).rejects.toThrow(path);
      }));

    it('lists names in code-unit order, folders too', () =>
      inWorld(async ({ disk, directory }) => {
        for (const name of ['b', 'a', 'B', '10', '9']) await writeFile(disk, `${directory}/${name}`, '');
        await disk.makeDirectory(`${directory}/deep/er`);
        expect(await disk.list(directory)).toEqual(['10', '9', 'B', 'a', 'b', 'deep']);
        expect(await disk.list(`${directory}/deep`)).toEqual(['er']);
        expect(await disk.exists(`${directory}/deep/er`)).toBe(true);
        expect(await codeOf(disk.list(`${directory}/none`))).toBe('ENOENT');
      }));

    it('makes a folder that is there already without a word', () =>
      inWorld(async ({ disk, directory }) => {
        await disk.makeDirectory(`${directory}/d`);
        await writeFile(disk, `${directory}/d/f`, 'kept');
        await disk.makeDirectory(`${directory}/d`);
        expect(await readFile(disk, `${directory}/d/f`)).toBe('kept');
      }));

    it('renames over an existing file; open files follow', () =>
      inWorld(async ({ disk, directory }) => {
        await writeFile(disk, `${directory}/old`, 'old');
        const file = await disk.open(`${directory}/new`, 'create');
        await file.write(0, encodeUtf8('new'));
        await disk.rename(`${directory}/new`, `${directory}/old`);
        await file.write(3, encodeUtf8('er'));
        await file.close();
        expect(await readFile(disk, `${directory}/old`)).toBe('newer');
        expect(await disk.list(directory)).toEqual(['old']);
        expect(await codeOf(disk.rename(`${directory}/none`, `${directory}/x`))).toBe('ENOENT');
      }));

    it('removes files and trees', () =>
      inWorld(async ({ disk, directory }) => {
        await disk.makeDirectory(`${directory}/d/e`);
        await writeFile(disk, `${directory}/d/e/f`, '');
        await writeFile(disk, `${directory}/g`, '');
        await disk.remove(`${directory}/g`);
        expect(await codeOf(disk.remove(`${directory}/g`))).toBe('ENOENT');
        await disk.removeTree(`${directory}/d`);
        await disk.removeTree(`${directory}/d`);
        expect(await disk.list(directory)).toEqual([]);
      }));

    it('locks a folder for one holder at a time', () =>
      inWorld(async ({ disk, directory }) => {
        const lock = await disk.lock(directory);
        expect(await codeOf(disk.lock(directory))).toBe('ELOCKED');
        await lock.release();
        await lock.release();
        const again = await disk.lock(directory);
        expect(await codeOf(disk.lock(directory))).toBe('ELOCKED');
        await again.release();
      }));

    it('resolves nothing inside the call', () =>
      inWorld(async ({ disk, directory }) => {
        const order: string[] = [];
        const listed = disk.list(directory).then(() => order.push('listed'));
        order.push('returned');
        await listed;
        expect(order).toEqual(['returned', 'listed']);
      }));

    it('keeps over a power loss what was synced: contents by sync, names by syncDirectory', () =>
      inWorld(async ({ disk, directory, powerLoss }) => {
        await writeFile(disk, `${directory}/kept`, 'synced');
        await writeFile(disk, `${directory}/before`, 'renamed');
        await writeFile(disk, `${directory}/removed`, '');
        await disk.syncDirectory(directory);
        await disk.rename(`${directory}/before`, `${directory}/after`);
        await disk.remove(`${directory}/removed`);
        await disk.syncDirectory(directory);
        const next = powerLoss === undefined ? disk : await powerLoss();
        expect(await next.list(directory)).toEqual(['after', 'kept']);
        expect(await readFile(next, `${directory}/kept`)).toBe('synced');
        expect(await readFile(next, `${directory}/after`)).toBe('renamed');
      }));

    it('gives the lock of a dead holder to the next life', () =>
      inWorld(async ({ disk, directory, powerLoss }) => {
        const lock = await disk.lock(directory);
        if (powerLoss === undefined) await lock.release();
        const next = powerLoss === undefined ? disk : await powerLoss();
        await (await next.lock(directory)).release();
      }));
  });
}
