//! `portcullis audit`: whether the audit log is what it was. Reads only, beside a running one or without.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Subcommand;
use link::Clock;

use crate::configuration::{Configuration, Whereabouts};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Walk every chain and name the first broken link; exits with 0 where all are intact, 1 where one is broken, 2 where
    /// nothing could be verified
    Verify(Verify),
}

#[derive(Debug, clap::Args)]
struct Verify {
    #[command(flatten)]
    whereabouts: Whereabouts,
    /// Only the chain of the organisation of this hash
    #[arg(long, value_name = "HASH")]
    organisation: Option<String>,
}

/// Does what is asked, and says so on standard output.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
    let Command::Verify(verify) = arguments.command;
    match verify_all(verify, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            let _ = writeln!(io::stderr(), "portcullis: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether every chain is intact.
fn verify_all(verify: Verify, out: &mut impl Write) -> anyhow::Result<bool> {
    let configuration = Configuration::of(verify.whereabouts)?;
    let verification = api::Verification {
        database_url: configuration.database_url.expose().to_owned(),
        master_key_file: configuration.master_key_file,
        heads: configuration.audit_heads,
        organisation: verify.organisation,
        now: Clock::System.now(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let reports = runtime.block_on(api::verify_audit(&verification))?;
    for report in &reports {
        writeln!(out, "{report}")?;
    }
    Ok(reports.iter().all(api::ChainReport::is_intact))
}
