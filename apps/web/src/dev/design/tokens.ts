/** The values of the design system, as the style sheets of the page have them. */

/** The names of all, in their order. */
export function tokensOf(page: Document): string[] {
  const names = new Set<string>();
  for (const sheet of page.styleSheets)
    for (const rule of sheet.cssRules)
      if (rule instanceof CSSStyleRule && rule.selectorText.startsWith(':root'))
        for (const name of rule.style) if (name.startsWith('--')) names.add(name);
  return [...names];
}

/** Those that are colours in the look that is shown. */
export function colours(names: readonly string[]): string[] {
  const style = getComputedStyle(document.documentElement);
  return names.filter((name) => CSS.supports('color', style.getPropertyValue(name).trim()));
}
