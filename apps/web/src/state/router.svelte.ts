export type Route =
  | { name: 'home' }
  | { name: 'setup'; token: string }
  | { name: 'join'; token: string }
  | { name: 'group'; token: string }
  | { name: 'conversation'; id: string };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a path shows. Anything unknown is home. The tokens of links stand after `#`, which no server gets to see. */
export function parseRoute(path: string, hash: string): Route {
  const token = decodeToken(hash);
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.length === 1 && parts[0] === 'setup') return { name: 'setup', token };
  if (parts.length === 1 && parts[0] === 'join') return { name: 'join', token };
  if (parts.length === 1 && parts[0] === 'group') return { name: 'group', token };
  const [first, id] = parts;
  if (parts.length === 2 && first === 'c' && id !== undefined && UUID.test(id))
    return { name: 'conversation', id };
  return { name: 'home' };
}

function decodeToken(hash: string): string {
  try {
    return decodeURIComponent(hash.replace(/^#/, ''));
  } catch {
    return '';
  }
}

export function pathOf(route: Route): string {
  switch (route.name) {
    case 'home':
      return '/';
    case 'setup':
      return `/setup#${route.token}`;
    case 'join':
      return `/join#${route.token}`;
    case 'group':
      return `/group#${route.token}`;
    case 'conversation':
      return `/c/${route.id}`;
  }
}

/** The history of the browser as our routes. */
export class Router {
  current = $state.raw<Route>({ name: 'home' });
  #search = location.search;

  constructor() {
    this.#read();
    addEventListener('popstate', this.#read);
    addEventListener('hashchange', this.#read);
  }

  #read = (): void => {
    this.current = parseRoute(location.pathname, location.hash);
  };

  #url(route: Route): string {
    // Development and tests choose their core in the query: it stays.
    if (!__SCRIPTED_CORE__) return pathOf(route);
    const [path, hash] = pathOf(route).split('#');
    return `${path}${this.#search}${hash === undefined ? '' : `#${hash}`}`;
  }

  go(route: Route): void {
    history.pushState({ fromHome: this.current.name === 'home' }, '', this.#url(route));
    this.current = route;
  }

  replace(route: Route): void {
    history.replaceState(null, '', this.#url(route));
    this.current = route;
  }

  /** To the list: by the browser's own history where the entry before is the list. */
  home(): void {
    const state = history.state as { fromHome?: boolean } | null;
    if (state?.fromHome === true) history.back();
    else this.replace({ name: 'home' });
  }
}
