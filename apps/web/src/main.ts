import './design/tokens.css';
import './design/accents.css';
import './design/wallpapers.css';
import './design/base.css';

import { mount } from 'svelte';

import AppView from './App.svelte';
import { whenIdle } from './components/idle';
import type { CoreModule } from './core/contract';
import Failed from './Failed.svelte';
import { timeOfDay } from './format/time';
import { part } from './i18n/load';
import { App } from './state/app.svelte';
import { language } from './state/language.svelte';
import { look } from './state/look.svelte';

/** The real core, or in development and tests the scripted one that `?fake=` names. */
async function loadCore(): Promise<CoreModule> {
  if (__SCRIPTED_CORE__) {
    const scenario = new URLSearchParams(location.search).get('fake');
    // The build for tests of the views has no other core.
    const only = import.meta.env.MODE === 'views';
    if (only || scenario !== null) return (await import('./dev/fake-core')).scripted(scenario ?? 'full');
  }
  return import('./runtime');
}

/** The app; or, beside a scripted core, the page of the design system. */
async function viewOf(): Promise<typeof AppView> {
  if (__SCRIPTED_CORE__ && new URLSearchParams(location.search).get('fake') === 'design')
    return (await part(import('./dev/design/Design.svelte'))).default;
  return AppView;
}

async function start(): Promise<void> {
  look.apply();
  const target = document.getElementById('app');
  if (target === null) return;
  // Words and core come at the same time; nothing is shown before there are words for it.
  const words = language.start();
  try {
    const [{ connectCore, newId, watchHealth }] = await Promise.all([loadCore(), words]);
    const app = new App(connectCore(), newId);
    watchHealth?.(app.health);
    mount(await viewOf(), { target, props: { app } });
    // The first use of `Intl` takes as long as drawing a screen: it is behind us when the core says what to draw.
    whenIdle(() => void timeOfDay(Date.now()));
  } catch (error) {
    await words;
    mount(Failed, { target });
    throw error;
  }
}

void start();
