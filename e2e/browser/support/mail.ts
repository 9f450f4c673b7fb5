// Mails of the demo: files in its data folder, one for each, in the order in which they were sent.
import { existsSync, mkdirSync, readFileSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';

const ARRIVES_WITHIN_MS = 15_000;

/** The link in the `nth` mail to that address, as soon as it is there. */
export async function linkTo(address: string, nth = 1): Promise<string> {
  const folder = join(process.env.PORTCULLIS_DATA!, 'mail');
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
  const found = () => linksTo(folder, address)[nth - 1];
  return found() ?? new Promise((fulfil, reject) => {
    const look = () => {
      const link = found();
      if (link) finish(() => fulfil(link));
    };
    const watcher = watch(folder, look);
    const timer = setTimeout(() => finish(() => reject(new Error(`no mail to ${address}`))), ARRIVES_WITHIN_MS);
    const finish = (then: () => void) => {
      clearTimeout(timer);
      watcher.close();
      then();
    };
    look();
  });
}

function linksTo(folder: string, address: string): string[] {
  const mails = readdirSync(folder).filter((name) => name.endsWith('.eml')).sort();
  return mails.flatMap((name) => {
    const mail = readFileSync(join(folder, name), 'utf8');
    if (!mail.split(/\r?\n/).includes(`To: ${address}`)) return [];
    const text = mail.replace(/=\r?\n/g, ''); // quoted-printable: lines that were broken
    const link = /https?:\/\/\S+#[\w-]+/.exec(text);
    return link ? [link[0]] : [];
  });
}
