import { expect, test, type Person } from '../support/app';
import { newId, post, type Json } from '../support/protocol';

/** More than one page of members, which has a hundred, beside the two who look at them. */
const CROWD = 110;
const client = { name: 'crowd', version: '1.0' };

test.use({ serverOptions: ['--registration', 'open', '--limits-attempts-per-minute-address', '1000'] });

const members = (who: Person) => who.page.getByRole('list', { name: 'Members' }).getByRole('listitem');
const search = (who: Person) => who.page.getByRole('searchbox', { name: 'Search members' });
const userOf = (session: Json) => (session['me'] as { profile: { user: string } }).profile.user;

/** People without a browser, by `docs/protocol.md` alone; and a group of all of them that this person owns. */
async function makeLargeGroup(owner: Person, title: string, handle: string): Promise<void> {
  const { origin } = new URL(owner.server.address);
  const signUp = async (index: number): Promise<string> => {
    const number = String(index).padStart(3, '0');
    const account = {
      handle: `rower${number}`,
      name: `Rower ${number}`,
      password: 'they never sign in again',
    };
    return userOf(
      await post(origin, null, '/v1/accounts', { account: { ...account, device_name: 'Shell', client } }),
    );
  };
  const crowd: string[] = [];
  while (crowd.length < CROWD) crowd.push(await signUp(crowd.length + 1));
  const signIn = async (handle: string, password: string): Promise<Json> =>
    post(origin, null, '/v1/sessions', { handle, password, device_name: 'Shell', client });
  const token = String((await signIn(owner.handle, owner.password))['access_token']);
  const other = userOf(await signIn(handle, `${handle} has a long password`));
  const id = newId();
  await post(origin, token, '/v1/conversations/group', {
    id,
    title,
    members: [other, ...crowd.slice(0, 60)],
  });
  const users = crowd.slice(60);
  const event_ids = users.map(() => newId());
  await post(origin, token, `/v1/conversations/${id}/members`, { event_ids, users });
}

test('the members of a large group come by pages, and are found by name and handle', async ({ person }) => {
  test.setTimeout(180_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben', { phone: true })]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await makeLargeGroup(ada, 'Regatta', ben.handle);

  for (const one of [ada, ben]) {
    await test.step(`${one.name} sees a page, and the next where it ends`, async () => {
      await one.openConversation('Regatta');
      await expect(one.status).toHaveText('112 members');
      await one.openDetails();
      await expect(members(one)).toHaveCount(100);
      await expect(members(one).first()).toContainText('Ada');
      await expect(members(one).first()).toContainText('Owner');
      // The first ones are known before the server has answered, and with them that there are more.
      const end = one.page.getByRole('complementary').getByRole('button', { name: 'Show more' });
      await end.scrollIntoViewIfNeeded();
      await expect(members(one)).toHaveCount(112);
      await expect(members(one).last()).toContainText('Rower 110');
    });

    await test.step(`${one.name} finds people whom no page has shown`, async () => {
      await search(one).fill('@rower11');
      await expect(members(one)).toHaveText([/Rower 110/]);
      await search(one).fill('109');
      await expect(members(one)).toHaveText([/Rower 109/]);
      await search(one).fill('rower');
      await expect(members(one)).toHaveCount(100);
      await search(one).fill('nobody');
      await expect(one.page.getByText('Nobody found for “nobody”.')).toBeVisible();
      await expect(members(one)).toHaveCount(0);
    });
  }

  await test.step('whoever is removed is found no more, by the other either', async () => {
    await search(ada).fill('rower 110');
    await expect(members(ada)).toHaveCount(0);
    await search(ada).fill('rower110');
    await ada.page.getByRole('button', { name: 'Actions for Rower 110' }).click();
    await ada.page.getByRole('menuitem', { name: 'Remove from group' }).click();
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Remove from group' }).click();
    await expect(members(ada)).toHaveCount(0);
    await expect(ben.page.getByRole('complementary').getByText('111 members')).toBeVisible();
    await search(ben).fill('rower110');
    await expect(ben.page.getByText('Nobody found for “rower110”.')).toBeVisible();
  });
});
