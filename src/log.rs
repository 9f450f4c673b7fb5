//! The log: to standard error, for people or machines.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::{EnvFilter, fmt};

use crate::configuration::{Configuration, LogFormat};

/// Begins to log.
pub(crate) fn init(configuration: &Configuration) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&configuration.log_filter)
        .with_context(|| format!("log.filter: `{}` is not a filter", configuration.log_filter))?
        // It traces every message of the dashboard's sockets as it is, tokens included.
        .add_directive("tungstenite=info".parse()?);
    let log = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match configuration.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
