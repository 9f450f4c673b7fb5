// What a person does with the dashboard more than once.
import { type Page, expect } from '@playwright/test';
import { type User, demo } from './demo.ts';

export async function signIn(page: Page, user: User): Promise<void> {
  await page.goto(demo().dashboard);
  await page.getByLabel('Email').fill(user.email);
  await page.getByLabel('Password').fill(user.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Streams' })).toBeVisible();
}
