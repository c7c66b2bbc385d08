/** The page's colours, read from its style so that light and dark are decided in one place. */
export interface Colors {
  readonly text: string;
  readonly faint: string;
  readonly line: string;
  readonly panel: string;
  readonly accent: string;
  readonly bad: string;
  readonly fault: string;
  readonly message: string;
  readonly roles: Readonly<Record<string, string>>;
  readonly down: string;
}

export function colorsOf(root: HTMLElement): Colors {
  const style = getComputedStyle(root);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: read('text'),
    faint: read('faint'),
    line: read('line'),
    panel: read('panel'),
    accent: read('accent'),
    bad: read('bad'),
    fault: read('fault'),
    message: read('message'),
    roles: {
      leader: read('leader'),
      candidate: read('candidate'),
      'pre-candidate': read('candidate'),
      follower: read('follower'),
    },
    down: read('down'),
  };
}

/** A colour for a term: neighbours are told apart, and a term has the same one everywhere. */
export function termColor(term: number): string {
  return `hsl(${(term * 137.5) % 360} 55% 55%)`;
}
