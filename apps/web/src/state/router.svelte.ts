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

/** What we keep with an entry of the browser's history. */
interface Entry {
  /** The entry before it is the list. */
  fromHome?: boolean;
  /** The entry before it shows the same, with nothing over it. */
  over?: boolean;
}

/** The history of the browser as our routes. */
export class Router {
  current = $state.raw<Route>({ name: 'home' });
  #search = location.search;
  /** Takes away what lies over what is shown. */
  #uncover: (() => void) | null = null;

  constructor() {
    this.#read();
    addEventListener('popstate', this.#read);
    addEventListener('hashchange', this.#read);
  }

  #read = (): void => {
    this.current = parseRoute(location.pathname, location.hash);
    this.#bare();
  };

  #bare(): void {
    const uncover = this.#uncover;
    this.#uncover = null;
    uncover?.();
  }

  #url(route: Route): string {
    // Development and tests choose their core in the query: it stays.
    if (!__SCRIPTED_CORE__) return pathOf(route);
    const [path, hash] = pathOf(route).split('#');
    return `${path}${this.#search}${hash === undefined ? '' : `#${hash}`}`;
  }

  go(route: Route): void {
    const entry: Entry = { fromHome: this.current.name === 'home' };
    history.pushState(entry, '', this.#url(route));
    this.current = route;
    this.#bare();
  }

  replace(route: Route): void {
    history.replaceState(null, '', this.#url(route));
    this.current = route;
    this.#bare();
  }

  /** To the list: by the browser's own history where the entry before is the list. */
  home(): void {
    const entry = history.state as Entry | null;
    this.#bare();
    if (entry?.fromHome === true) history.go(entry.over === true ? -2 : -1);
    else this.replace({ name: 'home' });
  }

  /**
   * Something lies over what is shown: whoever goes back, or elsewhere, takes it away by `uncover`. Gives what is to be called
   * when it has gone by itself.
   */
  cover(uncover: () => void): () => void {
    const entry: Entry = { ...(history.state as Entry | null), over: true };
    history.pushState(entry, '');
    this.#uncover = uncover;
    return () => {
      if (this.#uncover !== uncover) return;
      this.#uncover = null;
      history.back();
    };
  }
}
