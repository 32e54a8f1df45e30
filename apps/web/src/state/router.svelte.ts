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
  /** So many entries before it is the list. */
  toList?: number | undefined;
  /** So many entries before it show the same, each with less over it. */
  over?: number;
}

/** The history of the browser as our routes, and as what lies over them. */
export class Router {
  current = $state.raw<Route>({ name: 'home' });
  #search = location.search;
  /** What takes away what lies over what is shown, the topmost last. */
  readonly #covers: (() => void)[] = [];
  /** How many entries there are for that: more than it is where something has gone by itself. */
  #over = 0;

  constructor() {
    this.#read();
    addEventListener('popstate', this.#read);
    addEventListener('hashchange', this.#read);
  }

  get #entry(): Entry {
    return (history.state as Entry | null) ?? {};
  }

  #read = (): void => {
    const before = this.#over;
    const route = parseRoute(location.pathname, location.hash);
    const same = pathOf(route) === pathOf(this.current);
    this.#over = this.#entry.over ?? 0;
    this.current = route;
    if (!same) this.#bare();
    else if (this.#covers.length > this.#over) this.#uncover(this.#over);
    // That entry was for something that has gone since: whoever goes back means what is there.
    else if (this.#over < before) history.back();
  };

  /** Takes away what lies over what is shown, until so much of it is left. */
  #uncover(left: number): void {
    for (const uncover of this.#covers.splice(left).reverse()) uncover();
  }

  #bare(): void {
    this.#uncover(0);
  }

  #url(route: Route): string {
    // Development and tests choose their core in the query: it stays.
    if (!__SCRIPTED_CORE__) return pathOf(route);
    const [path, hash] = pathOf(route).split('#');
    return `${path}${this.#search}${hash === undefined ? '' : `#${hash}`}`;
  }

  #show(route: Route, how: 'pushState' | 'replaceState', entry: Entry): void {
    history[how](entry, '', this.#url(route));
    this.#over = 0;
    this.current = route;
    this.#bare();
  }

  go(route: Route): void {
    const entry: Entry = this.current.name === 'home' ? { toList: 1 } : {};
    // In place of what lies over this, so that the way back leads to this.
    this.#show(route, this.#over > 0 ? 'replaceState' : 'pushState', entry);
  }

  replace(route: Route): void {
    const toList = route.name === 'conversation' ? this.#entry.toList : undefined;
    this.#show(route, 'replaceState', toList === undefined ? {} : { toList });
  }

  /** To the list: by the browser's own history where the list is in it. */
  home(): void {
    const { toList, over = 0 } = this.#entry;
    this.#bare();
    if (toList !== undefined) history.go(-toList);
    else if (over === 0) this.replace({ name: 'home' });
    else {
      // It takes the place of what is shown, not of what lay over that.
      this.#over = 0;
      addEventListener('popstate', () => this.replace({ name: 'home' }), { once: true });
      history.go(-over);
    }
  }

  /**
   * Something lies over what is shown: whoever goes back, or elsewhere, takes it away by `uncover`. Gives what is to be called
   * when it has gone by itself. Its entry is then kept for what comes over this next, and passed over on the way back: the
   * browser would take it away later than something else may come.
   */
  cover(uncover: () => void): () => void {
    this.#covers.push(uncover);
    if (this.#over < this.#covers.length) {
      const { toList } = this.#entry;
      this.#over += 1;
      const entry: Entry = { over: this.#over, ...(toList === undefined ? {} : { toList: toList + 1 }) };
      history.pushState(entry, '');
    }
    return () => {
      const at = this.#covers.indexOf(uncover);
      if (at >= 0) this.#covers.splice(at, 1);
    };
  }
}
