/** How many groups a code has. */
const GROUPS = 7;

/** Two different places of groups, in order, drawn by two random bytes. */
export function asked(random: Uint8Array): readonly [number, number] {
  const first = (random[0] ?? 0) % GROUPS;
  const other = (first + 1 + ((random[1] ?? 0) % (GROUPS - 1))) % GROUPS;
  return first < other ? [first, other] : [other, first];
}
