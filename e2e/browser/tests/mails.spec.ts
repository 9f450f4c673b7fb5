// The page on which a demo shows the mails that an installation would have sent.
import { expect, test } from '@playwright/test';
import { Control } from '../support/control.ts';
import { NORTHWIND, demo, user } from '../support/demo.ts';
import { expectFitEverywhere } from '../support/fit.ts';
import { linkTo } from '../support/mail.ts';
import { stranger } from '../support/people.ts';

test('whoever tries a demo reads its mails in the browser, and follows their links', async ({ page }) => {
  const tess = stranger('Tess');
  const admin = await Control.signedIn(user('nanoAdmin'));
  await admin.invite(tess.email, 'nanoUser');
  await admin.close();
  const link = await linkTo(tess.email);
  await page.goto(`${demo().http}/mails`);
  const mail = page.getByRole('article').filter({ hasText: tess.email });
  await expect(mail.getByRole('heading')).toContainText(NORTHWIND);
  await expectFitEverywhere(page, 'mails');
  await mail.getByText('As HTML').click();
  const letter = mail.locator('iframe');
  await expect(letter.contentFrame().getByRole('link').first()).toBeVisible();
  await page.screenshot({ path: 'results/screenshots/mails-as-html.png' });
  const html = (await letter.getAttribute('srcdoc'))!;
  const [theirs] = await Promise.all([page.waitForEvent('popup'), mail.getByRole('link', { name: link }).click()]);
  await expect(theirs.getByRole('main')).toContainText(`${NORTHWIND} invites ${tess.email} as nanoUser`);
  // Nothing runs in it where the page has it, so that axe cannot look there: here it is as a mail program frames it.
  await page.setContent(html.replace(/<body.*?>/, '$&<main>'));
  await expectFitEverywhere(page, 'a mail');
});
