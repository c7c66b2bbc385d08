import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** `drydock sim view` in a real browser, which is used when it is there: $CHROMIUM, or Debian's package `chromium`. */
const executablePath = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path !== undefined && existsSync(path),
);
if (executablePath === undefined)
  console.warn(
    'skipped: test/e2e/sim-view.test.ts, the page of a run in a browser: install chromium, or name it in $CHROMIUM',
  );

const drydock = resolve(import.meta.dirname, '../../dist/src/cli/drydock.js');
/** Where the README's pictures go; set by who makes them anew. */
const pictures = process.env['DRYDOCK_PICTURES'];

const scenario = `
name: viewed
cluster: {store: 3}
workload: {kv: {clients: 3, keys: 2, watchers: 1, pause: 30ms}}
timeline:
  - {when: {leader: present}, crash: leader, as: lost}
  - {at: +2s, restart: lost}
  - {at: +1s, cut: 'follower[0]'}
expect: {always: [linearizable, no-lost-ack], liveness: 20s, finally: [{converged: true}]}
duration: 6s
`;
/** Nobody can promise this: it shows what a broken promise looks like. */
const hopeless = `
name: hopeless
cluster: {store: 3}
workload: {kv: {clients: 2, keys: 1, pause: 30ms}}
timeline:
  - {when: {leader: present}, crash: servers}
  - {when: {leader: present}, within: 1s, crash: leader}
expect: {always: [linearizable]}
duration: 6s
`;

describe.skipIf(executablePath === undefined)('the page of a run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-view-'));
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  function view(text: string, seed: number): string {
    const name = /name: (.*)/.exec(text)![1]!;
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, text);
    const out = join(folder, `${name}.html`);
    execFileSync(process.execPath, [drydock, 'sim', 'view', file, '--seed', String(seed), '--out', out]);
    return out;
  }

  /** A page that must make no request and no mistake. */
  async function open(path: string, hash = ''): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1500, height: 1000 } });
    page.on('pageerror', (error) => expect.unreachable(String(error)));
    page.on('request', (request) => expect(request.url()).toMatch(/^(file|blob|data):/));
    await page.goto(`file://${path}${hash}`);
    await page.waitForFunction(`document.querySelector('#clock').textContent !== ''`);
    return page;
  }

  async function picture(page: Page, name: string): Promise<void> {
    if (pictures === undefined) return;
    mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: join(pictures, `${name}.png`) });
  }

  it('shows each moment, and remembers it in its address', { timeout: 120_000 }, async () => {
    const page = await open(view(scenario, 5), '#t=0&from=0&to=1000');
    expect(await page.textContent('#verdict')).toBe('passed');
    const members = page.locator('table', { hasText: 'server-1' }).first();
    const before = await members.textContent();
    for (let i = 0; i < 30; i++) await page.keyboard.press('ArrowRight');
    const after = await page.textContent('#clock');
    expect(Number.parseFloat(after!)).toBeGreaterThan(0);
    await page.mouse.click(1200, 70);
    await page.waitForTimeout(100);
    expect(await members.textContent()).not.toBe(before);
    expect(await members.textContent()).toContain('leader');
    expect(page.url()).toMatch(/#scenario=viewed&seed=5&t=\d/);
    const again = await open(join(folder, 'viewed.html'), new URL(page.url()).hash);
    expect(await again.textContent('#clock')).toBe(await page.textContent('#clock'));
    await again.keyboard.press('Space');
    await again.waitForTimeout(300);
    expect(await again.textContent('#clock')).not.toBe(await page.textContent('#clock'));
    await picture(page, 'sim-view');
  });

  it(
    'runs the simulator itself: the same seed, another, another future, and without a fault',
    { timeout: 240_000 },
    async () => {
      const page = await open(view(scenario, 5));
      const traceOf = async (): Promise<string> => {
        await page.waitForFunction(
          `!document.querySelector('#status').textContent.startsWith('running')`,
          null,
          {
            timeout: 60_000,
          },
        );
        return (await page.getAttribute('section[data-trace]', 'data-trace'))!;
      };
      const { report } = JSON.parse(
        execFileSync(
          process.execPath,
          [drydock, 'sim', 'view', join(folder, 'viewed.yaml'), '--seed', '6', '--json'],
          {
            maxBuffer: 1 << 30,
          },
        ).toString(),
      ) as { report: { traceHash: string } };
      await page.click('#run');
      await page.waitForSelector('section[data-trace]', { timeout: 60_000 });
      expect(await page.textContent('#status')).toContain('the same history, to the last packet');
      await page.fill('#seed', '6');
      await page.click('#run');
      expect(await traceOf()).toBe(report.traceHash);
      expect(await page.textContent('#status')).toContain('The two histories part at');
      await page.click('#fork');
      expect(await traceOf()).not.toBe(report.traceHash);
      await page.uncheck('input[aria-label="keep step 3"]');
      await page.click('#without');
      await traceOf();
      expect(await page.textContent('#status')).toMatch(/seed 5 without 1 of the steps: passed/);
      await picture(page, 'sim-view-futures');
    },
  );

  it('boxes what was broken', { timeout: 120_000 }, async () => {
    const page = await open(view(hopeless, 1));
    expect(await page.textContent('#verdict')).toBe('failed');
    expect(await page.textContent('.violation')).toMatch(
      /scenario at [\d.]+ s.*did not come true within 1000 ms/,
    );
    expect(readFileSync(join(folder, 'hopeless.html'), 'utf8')).toContain('<!doctype html>');
  });
});
