import type { BrowserContext, CDPSession } from '@playwright/test';

interface Registered {
  readonly session: CDPSession;
  /** Which service worker it is to the browser. */
  readonly id: Promise<string>;
}

/** The service worker of this origin, by a page of it, or of any other that stays open. */
async function registered(context: BrowserContext, origin: string): Promise<Registered> {
  const [page] = context.pages();
  const session = await context.newCDPSession(page ?? (await context.newPage()));
  const id = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      for (const { registrationId, isDeleted, scopeURL } of registrations)
        if (!isDeleted && scopeURL.startsWith(origin)) resolve(registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  return { session, id };
}

/** The way of a push service into the browser, without one. */
export async function pusher(
  context: BrowserContext,
  origin: string,
): Promise<(text: string) => Promise<void>> {
  const { session, id } = await registered(context, origin);
  return async (data) => {
    await session.send('ServiceWorker.deliverPushMessage', { origin, registrationId: await id, data });
  };
}

/** Has the browser say to the service worker that there is a line again. */
export async function lineTeller(
  context: BrowserContext,
  origin: string,
): Promise<(tag: string) => Promise<void>> {
  const { session, id } = await registered(context, origin);
  return async (tag) => {
    const registrationId = await id;
    await session.send('ServiceWorker.dispatchSyncEvent', { origin, registrationId, tag, lastChance: false });
  };
}
