const queries = {
  dark: '(prefers-color-scheme: dark)',
  contrast: '(prefers-contrast: more)',
} as const;

/** Whether the person's system asks for this. */
export function systemAsks(what: keyof typeof queries): boolean {
  return matchMedia(queries[what]).matches;
}

/** Calls back whenever any of it changes. */
export function onSystemChange(changed: () => void): void {
  for (const query of Object.values(queries)) matchMedia(query).addEventListener('change', changed);
}
