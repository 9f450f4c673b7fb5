// What was found, as tables: the scores of each page, and below them each audit that is not full.
import type { RunnerResult } from 'lighthouse';

export type Look = 'desktop' | 'phone';
type Lhr = RunnerResult['lhr'];
export type Audited = { name: string; look: Look; lhr: Lhr };

/** In the order of their columns. */
export const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;
type Category = (typeof CATEGORIES)[number];
/** Those that are to be full on every page. */
const FULL: readonly Category[] = ['accessibility', 'best-practices'];

/** Of 100; nothing where an audit that counts could not be made. */
function score(lhr: Lhr, category: Category): number | undefined {
  const score = lhr.categories[category]?.score;
  return typeof score === 'number' ? Math.round(score * 100) : undefined;
}

/** A row for each page and look. */
export function scores(audited: Audited[]): string {
  const rows = audited.map(({ name, look, lhr }) => [name, look, ...CATEGORIES.map((one) => score(lhr, one) ?? 'not known')]);
  return table([['page', 'as', 'performance', 'accessibility', 'best practices'], ...rows]);
}

/** A row for each audit that is not full somewhere: its title, and what it says of which page. */
export function wanting(audited: Audited[]): string {
  const audits = new Map<string, string[]>();
  for (const { name, look, lhr } of audited) {
    for (const category of CATEGORIES) {
      for (const { id, weight } of lhr.categories[category]?.auditRefs ?? []) {
        const audit = lhr.audits[id];
        const failed = audit?.scoreDisplayMode === 'error';
        if (!audit || (!failed && (audit.score === null || audit.score >= 1))) continue;
        const title = `${audit.title} (${category}${weight > 0 ? '' : ', does not count'})`;
        const says = failed ? audit.errorMessage : audit.displayValue;
        audits.set(title, [...(audits.get(title) ?? []), `${name}, ${look}${says ? `: ${says}` : ''}`]);
      }
    }
  }
  const rows = [...audits].map(([title, places]) => [title, places.join('; ')]);
  return table([['not full', 'where'], ...rows]);
}

/** The pages, with their look and category, that are not full where they are to be. */
export function failures(audited: Audited[]): string[] {
  return audited.flatMap(({ name, look, lhr }) =>
    FULL.filter((category) => score(lhr, category) !== 100).map((category) => `${name}, ${look}: ${category}`),
  );
}

function table(rows: (string | number)[][]): string {
  const [head, ...body] = rows.map((row) => `| ${row.join(' | ')} |`);
  return [head, `|${' --- |'.repeat(rows[0]?.length ?? 0)}`, ...body].join('\n');
}
