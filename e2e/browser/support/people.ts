// What a person does with the dashboard more than once.
import { type Page, expect } from '@playwright/test';
import { Control } from './control.ts';
import { type Account, type Role, demo, user } from './demo.ts';
import { linkTo } from './mail.ts';

/** Signs in, and waits for the page that the person lands on. */
export async function signIn(page: Page, user: Account, lands = 'Streams'): Promise<void> {
  await page.goto(demo().dashboard);
  await page.getByLabel('Email').fill(user.email);
  await page.getByLabel('Password').fill(user.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: lands })).toBeVisible();
}

/** The person's name and role, as they stand at the side. */
export function personMenu(page: Page) {
  return page.getByRole('banner').locator('.person-name');
}

/** Somebody with a name of their own. */
type Person = Account & { name: string };

let guests = 0;

/** Somebody of whom nobody has heard yet, with a password of their own. */
export function stranger(name: string): Person {
  guests += 1;
  return { name, email: `${name.toLowerCase()}-${guests}-${Date.now()}@northwind.example`, password: `a password of ${name}` };
}

/** A new member of the first organisation, who has an account and is not signed in; `called` where the name is no part of an address. */
export async function newMember(name: string, role: Role, called = name): Promise<Person> {
  const person = { ...stranger(name), name: called };
  const admin = await Control.signedIn(user('nanoAdmin'));
  await admin.invite(person.email, role);
  await admin.close();
  await Control.accept(await linkTo(person.email), person.name, person.password);
  return person;
}

/**
 * The only person of a new organisation, its administrator, who has an account and is not signed in. Its packages are those
 * that every new one has, unless they are said.
 */
export async function newAdministrator(name: string, packages?: string[]): Promise<Person> {
  const person = stranger(name);
  const operator = await Control.signedIn(demo().operator);
  await operator.createOrganisation(`The house of ${name}`, person.email, packages);
  await operator.close();
  await Control.accept(await linkTo(person.email), person.name, person.password);
  return person;
}
