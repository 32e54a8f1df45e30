import type { Profile } from '../generated/types';

/** Ids of the scripted world: readable, and of the form of a UUID. */
export function idOf(kind: number, number: number): string {
  return `0193a000-${kind.toString(16).padStart(4, '0')}-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

function person(number: number, handle: string, name: string): Profile {
  return { user: idOf(1, number), handle, name };
}

export const people = {
  me: person(1, 'robin', 'Robin Aaltonen'),
  mila: person(2, 'mila', 'Mila Novak'),
  jonas: person(3, 'jonas', 'Jonas Weber'),
  amara: person(4, 'amara', 'Amara Okafor'),
  theo: person(5, 'theo', 'Theo Lindqvist'),
  yuki: person(6, 'yuki', 'Yuki Tanaka'),
  salma: person(7, 'salma.b', 'Salma Benali'),
  ines: person(8, 'ines', 'Inês Carvalho'),
  oskar: person(9, 'oskar', 'Oskar Dąbrowski'),
  grandma: person(10, 'elin', 'Elin Aaltonen'),
} as const;

export const everyone: readonly Profile[] = Object.values(people);
