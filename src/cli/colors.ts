import { createColors } from 'picocolors';

/** Colours for people at a terminal; plain text for files, pipes and whoever sets NO_COLOR (no-color.org). */
function colorsFor(stream: NodeJS.WriteStream): ReturnType<typeof createColors> {
  return createColors(stream.isTTY === true && (process.env['NO_COLOR'] ?? '') === '');
}

export const stdoutColors = colorsFor(process.stdout);
export const stderrColors = colorsFor(process.stderr);
