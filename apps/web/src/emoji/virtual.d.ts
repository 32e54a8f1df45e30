declare module 'virtual:emoji' {
  /** The emoji, its group, its name, its short codes and more words to find it by, and it in five skin tones. */
  const entries: [string, number, string, string, string, ...string[]][];
  export default entries;
}
