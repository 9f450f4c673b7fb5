// Says once more at the end what failed, where, and the first words of why: a log is read from its end.
import type { FullConfig, Reporter, Suite, TestCase, TestResult } from '@playwright/test/reporter';
import { relative } from 'node:path';

export default class Failures implements Reporter {
  #folder = '';
  readonly #said: string[] = [];

  onBegin(config: FullConfig, _: Suite): void {
    this.#folder = config.rootDir;
  }

  onTestEnd(test: TestCase, { status, errors }: TestResult): void {
    if (status === test.expectedStatus) return;
    const at = errors.find(({ location }) => location)?.location ?? test.location;
    const why = errors.map(({ message }) => (message ?? '').split('\n').slice(0, LINES).join(' · ')).join(' | ');
    this.#said.push(`${relative(this.#folder, at.file)}:${at.line} ${test.title}: ${plain(why) || status}`);
  }

  onEnd(): void {
    for (const one of this.#said) console.log(`FAILED ${one}`);
  }

  printsToStdio(): boolean {
    return false;
  }
}

/** As many lines of a message as tell what was looked for and what was found. */
const LINES = 6;

/** Without the colours of a terminal. */
function plain(text: string): string {
  return text.replace(/\u001b\[\d*m/g, '');
}
