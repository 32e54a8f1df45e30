/** What is pasted or dropped. */
/** The files in it. A folder is none; neither is the picture of a text that is copied along with it. */
export function filesIn(data: DataTransfer | null): File[] {
  if (data === null) return [];
  const files = Array.from(data.files);
  const hasText = data.types.includes('text/plain') && data.getData('text/plain') !== '';
  return hasText ? [] : files;
}

/** Whether something that is dragged has files in it: what they are is not known before they are dropped. */
export function hasFiles(data: DataTransfer | null): boolean {
  return data?.types.includes('Files') ?? false;
}
