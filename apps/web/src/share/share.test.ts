import { describe, expect, it } from 'vitest';

import { textOf } from './keep';

describe('what another app hands over', () => {
  it('is its title, text and address, each once', () => {
    expect(textOf(['Birds', 'Look at this', 'https://birds.example/'])).toBe(
      'Birds\nLook at this\nhttps://birds.example/',
    );
    expect(textOf(['', 'Look: https://birds.example/ ', 'https://birds.example/'])).toBe(
      'Look: https://birds.example/',
    );
    expect(textOf(['Birds', 'Birds', ''])).toBe('Birds');
    expect(textOf([])).toBe('');
  });
});
