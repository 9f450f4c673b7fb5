// A program in Rust as somebody has it who copied it: one file in a project of its own, with what it says that it needs.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from './process.ts';

const run = promisify(execFile);
// Kept, so that only the program is compiled the next time.
const PROJECT = join(REPOSITORY, 'target/snippet');
// ureq without TLS: the platform of the tests is on this machine.
const MANIFEST = `[package]
name = "snippet"
version = "0.0.0"
edition = "2024"
publish = false

[dependencies]
serde_json = "1"
ureq = { version = "3", default-features = false, features = ["json"] }

[workspace]
`;

/** What the program says on standard output. Of each crate it has the version that was fetched for everything else. */
export async function runRust(program: string, environment: NodeJS.ProcessEnv): Promise<string> {
  mkdirSync(join(PROJECT, 'src'), { recursive: true });
  writeFileSync(join(PROJECT, 'Cargo.toml'), MANIFEST);
  copyFileSync(join(REPOSITORY, 'Cargo.lock'), join(PROJECT, 'Cargo.lock'));
  writeFileSync(join(PROJECT, 'src/main.rs'), program);
  const { stdout } = await run('cargo', ['run', '--quiet', '--offline'], { cwd: PROJECT, env: environment });
  return stdout;
}
