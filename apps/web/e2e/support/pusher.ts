import type { BrowserContext } from '@playwright/test';

/** The way of a push service into the browser, without one. Of a page of this origin, or of any other that stays open. */
export async function pusher(
  context: BrowserContext,
  origin: string,
): Promise<(text: string) => Promise<void>> {
  const [page] = context.pages();
  const session = await context.newCDPSession(page ?? (await context.newPage()));
  const registered = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      for (const { registrationId, isDeleted, scopeURL } of registrations)
        if (!isDeleted && scopeURL.startsWith(origin)) resolve(registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  return async (data) => {
    await session.send('ServiceWorker.deliverPushMessage', {
      origin,
      registrationId: await registered,
      data,
    });
  };
}
