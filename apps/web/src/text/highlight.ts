import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import kotlin from 'highlight.js/lib/languages/kotlin';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import { createLowlight } from 'lowlight';

const languages = {
  bash,
  c,
  cpp,
  css,
  diff,
  go,
  ini,
  java,
  javascript,
  json,
  kotlin,
  python,
  rust,
  sql,
  typescript,
  xml,
  yaml,
};
const lowlight = createLowlight(languages);

/** A piece of code and what it is: one of the classes in `CodeBlock.svelte`, or nothing. */
export interface Part {
  text: string;
  kind: string;
}

const kinds: Record<string, string> = {
  keyword: 'word',
  built_in: 'name',
  type: 'name',
  class: 'name',
  title: 'title',
  section: 'title',
  name: 'title',
  string: 'string',
  regexp: 'string',
  addition: 'string',
  number: 'number',
  literal: 'number',
  symbol: 'number',
  attr: 'attr',
  attribute: 'attr',
  property: 'attr',
  variable: 'attr',
  comment: 'comment',
  quote: 'comment',
  doctag: 'comment',
  meta: 'comment',
  deletion: 'deleted',
};

interface Node {
  type: string;
  value?: string;
  children?: Node[];
  properties?: { className?: unknown };
}

function kindOf(node: Node): string | undefined {
  const names = node.properties?.className;
  if (!Array.isArray(names)) return undefined;
  return names.map((name) => kinds[String(name).replace(/^hljs-/u, '')]).find((kind) => kind !== undefined);
}

function collect(nodes: readonly Node[], kind: string, into: Part[]): void {
  for (const node of nodes) {
    if (node.type === 'text') into.push({ text: node.value ?? '', kind });
    else collect(node.children ?? [], kindOf(node) ?? kind, into);
  }
}

/** The code in coloured parts; null where the language is not one of ours. */
export function highlight(code: string, language: string): Part[] | null {
  if (!lowlight.registered(language)) return null;
  const parts: Part[] = [];
  collect(lowlight.highlight(language, code).children as Node[], '', parts);
  return parts;
}
