// A stream says for itself whom it believes: in the dialog that edits it, within what the role may.
import { expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { demo, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { signIn } from '../support/people.ts';

test('what a stream believes is chosen, kept and cuts off who does not fulfil it', async ({ page }) => {
  // The dialog is judged in each look.
  test.slow();
  const control = await Control.signedIn(user('nanoAdmin'));
  const { name } = await control.stream('Judged');
  await signIn(page, user('nanoAdmin'));
  await page.goto(`${demo().http}/streams/${name}`);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit stream' });
  const lists = dialog.getByRole('group', { name: 'Static tokens' });
  const asks = dialog.getByRole('group', { name: 'Tokens that your webhook judges' });
  await expect(lists.getByRole('radio', { name: 'As the organisation says' })).toBeChecked();
  await expect(dialog).not.toContainText('are cut off when you save');
  await lists.getByRole('radio', { name: 'Let in' }).check();
  await asks.getByRole('radio', { name: 'Refused' }).check();
  await dialog.getByRole('switch', { name: 'Second factor required' }).check();
  await expect(dialog).toContainText('are cut off when you save');
  await expectFitEverywhere(page, 'editing what a stream believes');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();

  await page.reload();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await expect(lists.getByRole('radio', { name: 'Let in' })).toBeChecked();
  await expect(asks.getByRole('radio', { name: 'Refused' })).toBeChecked();
  await expect(dialog.getByRole('switch', { name: 'Second factor required' })).toBeChecked();
  await control.close();
});

test('letting more in is not offered to who may not', async ({ page }) => {
  const control = await Control.signedIn(user('nanoAdmin'));
  const { name } = await control.stream('Judged by others');
  await signIn(page, user('nanoUser'));
  await page.goto(`${demo().http}/streams/${name}`);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit stream' });
  await expect(dialog.getByRole('radio', { name: 'Refused' })).toHaveCount(2);
  await expect(dialog.getByRole('radio', { name: 'Let in' })).toHaveCount(0);
  const strict = dialog.getByRole('switch', { name: 'Second factor required' });
  await strict.check();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await page.reload();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await expect(strict).toBeChecked();
  await expect(strict).toBeDisabled();
  await expect(strict).toHaveAccessibleDescription(/Only nanoAdmin takes it off\.$/);
  await control.close();
});
