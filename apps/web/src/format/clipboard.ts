/** Puts a text where pasting finds it. Resolves to whether that worked: pages without a secure address may not. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
