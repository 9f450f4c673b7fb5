//! `portcullis search`: the indices of searches outside the database. Works beside a running one, on the same database.

use std::io::Write;

use clap::Subcommand;
use link::{Clock, Entropy};

use crate::{
    configuration::{Configuration, Whereabouts},
    log, up,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build every index in Meilisearch anew from the database; searches go on meanwhile
    Reindex(Whereabouts),
}

/// Does what is asked, and says so on standard output.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Command::Reindex(whereabouts) = arguments.command;
    let configuration = Configuration::of(whereabouts)?;
    log::init(&configuration)?;
    up::make_data_folder(&configuration.data)?;
    let settings = up::settings(&configuration, up::Addresses::of(&configuration), false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let built = runtime.block_on(api::reindex_search(&settings, Clock::System, Entropy::system()))?;
    writeln!(std::io::stdout(), "{built}")?;
    Ok(())
}
