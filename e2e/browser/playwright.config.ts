// One platform for all tests, one browser at a time: beside each other they would measure the machine.
// No retries: a test that fails sometimes has found a race.
// No traces, which take a quarter of the time: `--trace on` makes one of what failed.
import { defineConfig } from '@playwright/test';
import { CHROMIUM, FLAGS } from './support/chromium.ts';

export default defineConfig({
  testDir: './tests',
  outputDir: './results',
  globalSetup: './support/platform.ts',
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['./support/failures.ts']],
  use: {
    browserName: 'chromium',
    // Colours are judged as they end up, and no page is waited for while it moves.
    contextOptions: { reducedMotion: 'reduce' },
    viewport: { width: 1280, height: 800 },
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: CHROMIUM, args: FLAGS },
  },
});
