const turned: Readonly<Record<string, string>> = { ArrowLeft: 'ArrowRight', ArrowRight: 'ArrowLeft' };

/** The key as if everything were read from the left: where it is read from the right, the arrows along the line change places. */
export function keyAlong(event: KeyboardEvent): string {
  const { key, currentTarget } = event;
  const fromRight = currentTarget instanceof Element && getComputedStyle(currentTarget).direction === 'rtl';
  return (fromRight ? turned[key] : undefined) ?? key;
}

/** 1 where the line goes to the right, -1 where it goes to the left. */
export function signAlong(element: Element): 1 | -1 {
  return getComputedStyle(element).direction === 'rtl' ? -1 : 1;
}
