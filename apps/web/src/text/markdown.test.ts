import { describe, expect, it } from 'vitest';

import { misleads, safeHref } from './links';
import { parseMarkdown } from './markdown';
import type { Block, Inline } from './nodes';
import { hasMarkup, plainBlocks } from './plain';

const handles = new Map([
  ['mila', false],
  ['robin', true],
  ['salma.b', false],
]);

function inline(node: Inline): string {
  switch (node.type) {
    case 'text':
      return node.text;
    case 'break':
      return '<br>';
    case 'link':
      return `<a ${node.href}>${node.children.map(inline).join('')}</a>`;
    case 'code':
    case 'mention':
      return `<${node.type}${node.type === 'mention' && node.me ? ' me' : ''}>${node.text}</${node.type}>`;
    default:
      return `<${node.type}>${node.children.map(inline).join('')}</${node.type}>`;
  }
}

function block(node: Block): string {
  switch (node.type) {
    case 'paragraph':
      return `<p>${node.children.map(inline).join('')}</p>`;
    case 'quote':
      return `<quote>${node.children.map(block).join('')}</quote>`;
    case 'list':
      return `<${node.ordered ? `ol ${node.start}` : 'ul'}>${node.items.map((item) => `<li>${item.map(block).join('')}</li>`).join('')}</list>`;
    case 'code':
      return `<pre ${node.language}>${node.text}</pre>`;
  }
}

const shown = (text: string) => parseMarkdown(text, handles).map(block).join('');

describe('the subset', () => {
  it.each([
    ['**bold** and *it* and _it_', '<p><strong>bold</strong> and <em>it</em> and <em>it</em></p>'],
    ['~~gone~~ `a*b*`', '<p><strike>gone</strike> <code>a*b*</code></p>'],
    ['snake_case_name', '<p>snake_case_name</p>'],
    ['one\ntwo\n\nthree', '<p>one<br>two</p><p>three</p>'],
    ['```rust\nfn x() {}\n```', '<pre rust>fn x() {}</pre>'],
    ['```\nno end', '<pre >no end</pre>'],
    ['> said\n> more\n\nanswer', '<quote><p>said<br>more</p></quote><p>answer</p>'],
    ['- a\n- b\n  - c', '<ul><li><p>a</p></li><li><p>b</p><ul><li><p>c</p></li></list></li></list>'],
    ['3. c\n4. d', '<ol 3><li><p>c</p></li><li><p>d</p></li></list>'],
    ['\\*not\\*', '<p>*not*</p>'],
    ['see https://a.example/x_y_z.', '<p>see <a https://a.example/x_y_z>https://a.example/x_y_z</a>.</p>'],
    ['**https://a.example**', '<p><strong><a https://a.example/>https://a.example</a></strong></p>'],
    ['[here](https://a.example "title")', '<p><a https://a.example/>here</a></p>'],
    [
      '*hi* @mila, @robin. @salma.b. a@mila @nobody',
      '<p><em>hi</em> <mention>@mila</mention>, <mention me>@robin</mention>. <mention>@salma.b</mention>. a@mila @nobody</p>',
    ],
  ])('%j', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it.each([
    '# no heading',
    'a\n===',
    '---',
    '| a | b |\n|---|---|',
    '![x](https://a.example/x.png)',
    '&lt;b&gt;',
    '    four',
    '[a]: https://b.example',
  ])('has no %j', (text) => {
    const [first] = parseMarkdown(text, handles);
    expect(['paragraph']).toContain(first?.type);
    expect(shown(text).replace(/<a [^>]*>|<\/a>/g, '')).not.toMatch(/<(?!p>|\/p>|br>|b>)/);
  });
});

describe('what would run script', () => {
  const tricks = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '**<svg/onload=alert(1)>**',
    '[a](javascript:alert(1))',
    '[a](JaVaScRiPt:alert(1))',
    '[a](java\nscript:alert(1))',
    '[a](java&#x0A;script:alert(1))',
    '[a](&#106;avascript:alert(1))',
    '[a](\u0001javascript:alert(1))',
    '[a](  javascript:alert(1))',
    '[a](vbscript:msgbox(1))',
    '[a](data:text/html;base64,PHNjcmlwdD4=)',
    '[a](data:image/svg+xml,<svg/onload=alert(1)>)',
    '[a](file:///etc/passwd)',
    '[a](blob:https://a.example/1)',
    '[a](//evil.example)',
    '[a](/path)',
    '[a](javascript://a.example/%0aalert(1))',
    '<javascript:alert(1)>',
    'javascript:alert(1) *x*',
    '![a](javascript:alert(1))',
    '[a][b]\n\n[b]: javascript:alert(1)',
    '[![a](x)](javascript:alert(1))',
    '```"><img src=x onerror=alert(1)>\n```',
    '[a](https://a.example/" onclick="alert(1))',
    '[\u202Emoc.elpmaxe](https://evil.example/\u202E)',
  ];
  it.each(tricks)('%j leads nowhere', (text) => {
    const found = [...shown(text).matchAll(/<a ([^>]*)>/g)].map(([, href]) => href);
    for (const href of found) expect(href).toMatch(/^(https?:\/\/|mailto:)/);
    for (const { language } of parseMarkdown(text, handles).filter((node) => node.type === 'code'))
      expect(language).toMatch(/^[\w+#.-]*$/);
  });

  it('keeps to http, https and mailto', () => {
    expect(safeHref('https://a.example')).toBe('https://a.example/');
    expect(safeHref('mailto:a@b.example')).toBe('mailto:a@b.example');
    for (const address of ['javascript:1', 'http:', 'ftp://a', 'tel:1', 'x', 'https://a\u202Eb.example'])
      expect(safeHref(address), address).toBeNull();
  });

  it('says where a link leads that names another place', () => {
    expect(misleads('https://bank.example', 'https://evil.example/')).toBe(true);
    expect(misleads('bank.example/login', 'https://bank.example.evil.example/')).toBe(true);
    expect(misleads('bank.example', 'https://www.bank.example/')).toBe(false);
    expect(misleads('the bank', 'https://evil.example/')).toBe(false);
    expect(shown('[https://bank.example](https://evil.example/x)')).toBe(
      '<p><a https://evil.example/x>https://evil.example/x</a></p>',
    );
    expect(shown('[ ](https://evil.example)')).toBe(
      '<p><a https://evil.example/>https://evil.example/</a></p>',
    );
  });
});

describe('what would take long', () => {
  const full = (part: string) => part.repeat(Math.ceil(32_000 / part.length)).slice(0, 32_000);
  const parts = ['*', '*a ', '**a *b ', '_a_b', '*a_', '**a', '[', '[a](', '![', '[]('];
  const more = [
    '`a``b```',
    '>',
    '> ',
    '- ',
    '1. ',
    '> - ',
    '- a\n',
    '~~a',
    '\\',
    'http://a.b/(',
    '```\n',
    '<',
    '@mila',
    'https://a',
  ];
  it.each([...parts, ...more])(
    '32,000 characters of %j are parsed within a second, and nest within bounds',
    (part) => {
      const start = performance.now();
      const blocks = parseMarkdown(full(part), handles);
      expect(performance.now() - start).toBeLessThan(1_000);
      expect(depth(blocks)).toBeLessThanOrEqual(32);
    },
  );
});

function depth(nodes: readonly (Block | Inline)[]): number {
  return Math.max(
    0,
    ...nodes.map((node) => {
      if (node.type === 'list') return 1 + Math.max(0, ...node.items.map(depth));
      return 1 + ('children' in node ? depth(node.children) : 0);
    }),
  );
}

it('parses only what could mean something', () => {
  for (const text of ['Hello!', 'a - b', 'See https://a.example', '5 > 3', 'No. 5'])
    expect(hasMarkup(text), text).toBe(false);
  for (const text of ['*a*', '> a', '- a', '1. a', '`a`', 'a_b']) expect(hasMarkup(text), text).toBe(true);
});

it('keeps a plain text as it was written', () => {
  expect(plainBlocks('  a\n\n\n  b @mila https://a.example/x', handles)).toEqual([
    {
      type: 'paragraph',
      children: [
        { type: 'text', text: '  a\n\n\n  b ' },
        { type: 'mention', text: '@mila', me: false },
        { type: 'text', text: ' ' },
        {
          type: 'link',
          href: 'https://a.example/x',
          children: [{ type: 'text', text: 'https://a.example/x' }],
        },
      ],
    },
  ]);
});
