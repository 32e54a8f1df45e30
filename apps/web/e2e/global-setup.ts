import { buildViews } from './support/views';

/** The views are built once, before the first worker serves them; `PIPIT_VIEWS_BUILT` says that they are fresh. */
export default async function setup(): Promise<void> {
  if (process.env['PIPIT_VIEWS_BUILT'] === undefined) await buildViews();
}
