/** Puts the service worker in place, and says when a new version of the app is ready. */

/** How often to look for a new version while the app stays open. */
const UPDATE_MS = 60 * 60 * 1_000;

/**
 * Registers the service worker, in production builds only: in development it would keep files that change.
 *
 * @param onReady - A new version is loaded and waits. Calling `apply` switches to it and loads this page again; without that it
 *   comes when the last tab is closed.
 */
export function registerServiceWorker(onReady: (apply: () => void) => void): void {
  if (import.meta.env.MODE !== 'production' || !('serviceWorker' in navigator)) return;
  const { serviceWorker } = navigator;
  serviceWorker.register('/sw.js').then(
    (registration) => {
      follow(serviceWorker, registration, onReady);
    },
    () => {
      // Without it the app works all the same, but does not open without a line: private windows, for one, refuse it.
    },
  );
}

function follow(
  container: ServiceWorkerContainer,
  registration: ServiceWorkerRegistration,
  onReady: (apply: () => void) => void,
): void {
  const offer = (waiting: ServiceWorker): void => {
    onReady(() => {
      container.addEventListener(
        'controllerchange',
        () => {
          location.reload();
        },
        { once: true },
      );
      waiting.postMessage({ type: 'activate' });
    });
  };
  if (registration.waiting !== null && container.controller !== null) offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', () => {
      // The first one ever has nothing to replace.
      if (installing.state === 'installed' && container.controller !== null) offer(installing);
    });
  });
  window.setInterval(() => {
    registration.update().catch(() => {
      // No line: the next time will do.
    });
  }, UPDATE_MS);
}
