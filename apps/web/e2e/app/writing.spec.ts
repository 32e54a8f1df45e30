import { expect, test, type Person } from '../support/app';
import { standing } from '../support/phone';

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

const thursday = '· for Thursday:\n\n- gloves\n- straps\n\n> as before\n\n```rust\nfn main() {}\n```';

test('two people write with marks, names and emoji, and read what was meant', async ({
  person,
  browserName,
}) => {
  test.setTimeout(180_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben', { phone: true })]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.makeGroup('Rowing', 'ben');
  await ben.openConversation('Rowing');

  await test.step('Markdown is drawn for both, and the list shows its words alone', async () => {
    await ada.composer.fill('· **bold**, *slanted*, ~~gone~~, `code` and https://tides.example/today');
    await ada.composer.press('Enter');
    for (const line of [ada.line('· bold'), ben.line('· bold')]) {
      await expect(line.locator('strong')).toHaveText('bold');
      await expect(line.locator('em')).toHaveText('slanted');
      await expect(line.getByText('gone')).toHaveCSS('text-decoration-line', 'line-through');
      await expect(line.locator('code')).toHaveText('code');
      const link = line.getByRole('link', { name: 'https://tides.example/today' });
      await expect(link).toHaveAttribute('rel', /noopener/);
    }
    await ben.toList();
    await expect(ben.listed('Rowing')).toContainText('· bold, slanted, gone, code and');
    await ben.openConversation('Rowing');

    await ada.composer.fill(thursday);
    await ada.composer.press('Enter');
    const line = ben.line('· for Thursday');
    await expect(line.locator('ul li')).toHaveText(['gloves', 'straps']);
    await expect(line.locator('blockquote')).toHaveText('as before');
    await expect(line.locator('pre code')).toHaveText(/fn main\(\) \{\}/);
    await expect(line.locator('pre code .word')).toHaveText('fn');
    await expect(line.getByRole('button', { name: 'Copy the code' })).toBeVisible();
  });

  await test.step('what looks like a page stays text', async () => {
    await ada.composer.fill('· <img src=x onerror="document.title=1"> [here](javascript:alert(1))');
    await ada.composer.press('Enter');
    const line = ben.line('· <img');
    await expect(line).toContainText('<img src=x onerror="document.title=1">');
    await expect(line.getByRole('link')).toHaveCount(0);
    await expect(line.locator('img')).toHaveCount(0);
  });

  await test.step('a name is completed by keyboard, and is a mention for whom it names', async () => {
    await ada.composer.pressSequentially('· @be');
    const names = ada.page.getByRole('listbox', { name: 'Suggestions' });
    await expect(names.getByRole('option')).toHaveText([/Ben/]);
    await ada.composer.press('Enter');
    await expect(ada.composer).toHaveValue('· @ben ');
    await ada.composer.pressSequentially('are you in?');
    await ada.composer.press('Enter');
    await expect(ben.line('are you in?').locator('.mention')).toHaveText('@ben');
  });

  await test.step('an emoji by its name, by half of its name, and from the picker', async () => {
    await ben.composer.pressSequentially('· yes :tada:');
    await expect(ben.composer).toHaveValue('· yes 🎉');
    await ben.composer.pressSequentially(' :pengui');
    const emoji = ben.page.getByRole('listbox', { name: 'Suggestions' });
    await expect(emoji.getByRole('option').first()).toContainText('🐧');
    await ben.composer.press('Tab');
    await expect(ben.composer).toHaveValue('· yes 🎉 🐧 ');
    await ben.page.getByRole('button', { name: 'Emoji' }).click();
    await ben.page.getByRole('searchbox', { name: 'Search emoji' }).fill('rowing');
    await ben.page.getByRole('button', { name: 'person rowing boat', exact: true }).click();
    await expect(ben.composer).toHaveValue('· yes 🎉 🐧 🚣');
    await expect(ben.composer).toBeFocused();
    await ben.composer.press('Enter');
    await expect(ada.line('· yes 🎉 🐧 🚣')).toBeVisible();
  });

  await test.step('a text is copied as it was written, and several in their order', async () => {
    // Firefox asks nobody who has pressed a button.
    if (browserName === 'chromium')
      for (const one of [ada, ben]) await one.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const paste = async (who: Person): Promise<void> => {
      await who.composer.fill('');
      await who.composer.press('ControlOrMeta+v');
    };
    await ben.choose(ben.line('· for Thursday'), 'Copy text');
    await expect(ben.page.getByText('The text was copied.')).toBeVisible();
    await paste(ben);
    await expect(ben.composer).toHaveValue(thursday);
    await ben.composer.fill('');

    await ada.choose(ada.line('· yes'), 'Select');
    const other = ada.line('· for Thursday');
    await other.scrollIntoViewIfNeeded();
    await standing(other);
    await other.click();
    const chosen = ada.page.getByRole('toolbar', { name: 'Selected messages' });
    await expect(chosen.getByRole('status')).toHaveText('2 selected');
    await chosen.getByRole('button', { name: 'Copy' }).click();
    await expect(ada.page.getByText('2 messages were copied.')).toBeVisible();
    await expect(chosen).toBeHidden();
    await paste(ada);
    await expect(ada.composer).toHaveValue(`${thursday}\n· yes 🎉 🐧 🚣`);
    await ada.composer.fill('');
  });

  await test.step('an answer from the menu of a message leads back to it', async () => {
    await ben.choose(ben.line('· for Thursday'), 'Reply');
    await expect(ben.page.getByText('Replying to Ada')).toBeVisible();
    await ben.write('· I bring the straps');
    const quote = ada.line('· I bring the straps').getByRole('button', { name: /· for Thursday/ });
    await quote.click();
    // The answer has the words of the question in it, too.
    await expect(ada.line('· for Thursday').first()).toBeFocused();
  });
});
