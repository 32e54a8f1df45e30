import './design/tokens.css';
import './design/accents.css';
import './design/base.css';

import { mount } from 'svelte';

import AppView from './App.svelte';
import type { CoreModule } from './core/contract';
import Failed from './Failed.svelte';
import { App } from './state/app.svelte';
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

async function start(): Promise<void> {
  look.apply();
  const target = document.getElementById('app');
  if (target === null) return;
  try {
    const { connectCore, newId, watchHealth } = await loadCore();
    const app = new App(connectCore(), newId);
    watchHealth?.(app.health);
    mount(AppView, { target, props: { app } });
  } catch (error) {
    mount(Failed, { target });
    throw error;
  }
}

void start();
