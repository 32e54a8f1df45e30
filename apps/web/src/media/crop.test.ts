import { describe, expect, it } from 'vitest';

import { CENTRE, dragged, square } from './crop';

const wide = { width: 400, height: 200 };

describe('a square cut out of a picture', () => {
  it.each([
    [wide, CENTRE, { left: 100, top: 0, side: 200 }],
    [wide, { zoom: 2, x: 0.5, y: 0.5 }, { left: 150, top: 50, side: 100 }],
    [wide, { zoom: 2, x: 0, y: 1 }, { left: 0, top: 100, side: 100 }],
    [
      { width: 200, height: 400 },
      { zoom: 1, x: 0.5, y: 1 },
      { left: 0, top: 200, side: 200 },
    ],
    [wide, { zoom: 0.1, x: -3, y: 7 }, { left: 0, top: 0, side: 200 }],
    [wide, { zoom: 99, x: 9, y: 9 }, { left: 350, top: 150, side: 50 }],
  ])('of %j by %j is %j', (size, choice, expected) => {
    expect(square(size, choice)).toEqual(expected);
  });

  it('goes the other way than the picture that is dragged, and not out of it', () => {
    expect(dragged(wide, CENTRE, 0.5, 0.5)).toEqual({ zoom: 1, x: 0, y: 0.5 });
    expect(dragged(wide, { zoom: 2, x: 0.5, y: 0.5 }, -0.5, 0.25)).toEqual({
      zoom: 2,
      x: 0.5 + 50 / 300,
      y: 0.25,
    });
    expect(dragged(wide, CENTRE, -9, 0).x).toBe(1);
  });
});
