//! `portcullis operator`: who looks after the installation, and the way back for who lost a second factor. Works beside a
//! running one, on the same database.

use std::io::Write;

use anyhow::Context;
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
    /// Make somebody a platform operator, and print the link with which they choose a password
    Create(Whom),
    /// Take the rights of a platform operator away; the person stays
    Remove(Whom),
    /// Take a lost second factor away from somebody, and sign them out; their password stays
    ResetSecondFactor(Whom),
}

#[derive(Debug, clap::Args)]
struct Whom {
    /// The person's address
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    #[command(flatten)]
    whereabouts: Whereabouts,
}

/// Does what is asked, and says so on standard output.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (Command::Create(whom) | Command::Remove(whom) | Command::ResetSecondFactor(whom)) = &arguments.command;
    let configuration = Configuration::of(whom.whereabouts.clone())?;
    log::init(&configuration)?;
    up::make_data_folder(&configuration.data)?;
    let mut settings = up::settings(&configuration, up::Addresses::of(&configuration), false);
    // Who runs may have been given another address than the configuration's.
    if let Some(told) = up::told(&configuration.data).filter(|_| configuration.http.public.is_none()) {
        settings.public_http = told;
    }
    let (clock, entropy) = (Clock::System, Entropy::system());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut out = std::io::stdout().lock();
    match &arguments.command {
        Command::Create(Whom { email, .. }) => {
            let link = runtime
                .block_on(api::operator::create(&settings, clock, entropy, email))
                .context("nobody was made an operator")?;
            writeln!(
                out,
                "{email} is a platform operator. To choose a password, within a day:\n\n    {link}\n"
            )?;
        }
        Command::Remove(Whom { email, .. }) => {
            runtime
                .block_on(api::operator::remove(&settings, clock, entropy, email))
                .context("nobody was changed")?;
            writeln!(out, "{email} is no platform operator.")?;
        }
        Command::ResetSecondFactor(Whom { email, .. }) => {
            runtime
                .block_on(api::operator::reset_second_factor(&settings, clock, entropy, email))
                .context("nobody was changed")?;
            writeln!(
                out,
                "{email} has no second factor any more, and signs in with the password alone until a new one is set up."
            )?;
        }
    }
    Ok(())
}
