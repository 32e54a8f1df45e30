import type { GroupPicture } from '../generated/types';

/** The address of a picture that came sealed with what is said of its group. */
export function sealedPictureUrl({ media_type, bytes }: GroupPicture): string {
  return `data:${media_type};base64,${bytes}`;
}

/** A picture in the form in which it is sealed with what is said of its group. */
export async function groupPicture(picture: Blob): Promise<GroupPicture> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error('unreadable'));
    reader.readAsDataURL(picture);
  });
  return { media_type: picture.type, bytes: url.slice(url.indexOf(',') + 1) };
}
