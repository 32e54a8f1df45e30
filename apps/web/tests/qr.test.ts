// @vitest-environment jsdom
import { render, screen } from '@testing-library/svelte';
import { generate } from 'lean-qr';
import { expect, it } from 'vitest';

import QrCode from '../src/components/QrCode.svelte';

const LINK = 'https://chat.example/join#k3Vq7rT1mZ0aLw9xk3Vq7rT1mZ0aLw9x';

/** Which modules the path fills, by its rectangles. */
function modules(path: string): Set<string> {
  const filled = new Set<string>();
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g))
    for (let i = 0; i < Number(width); i += 1) filled.add(`${Number(x) + i},${y}`);
  return filled;
}

it('draws the modules of the code inside a quiet zone, and nothing else', () => {
  render(QrCode, { text: LINK, label: 'The link as a code' });
  const svg = screen.getByRole('img', { name: 'The link as a code' });
  const code = generate(LINK);
  expect(svg.getAttribute('viewBox')).toBe(`0 0 ${code.size + 8} ${code.size + 8}`);
  const filled = modules(svg.querySelector('path')?.getAttribute('d') ?? '');
  for (let y = -4; y < code.size + 4; y += 1)
    for (let x = -4; x < code.size + 4; x += 1)
      expect(filled.has(`${x + 4},${y + 4}`), `${x}, ${y}`).toBe(code.get(x, y));
});
