//! The log: to standard error, for people or machines.

use std::io::IsTerminal;

use anyhow::Context;
use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::configuration::{Configuration, LogFormat};

/// Begins to log.
pub(crate) fn init(configuration: &Configuration) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&configuration.log_filter)
        .with_context(|| format!("log.filter: `{}` is not a filter", configuration.log_filter))?;
    let log = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let log = match configuration.log_format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().boxed(),
    };
    let log = log.with_filter(filter.and(filter_fn(is_fit)));
    tracing_subscriber::registry().with(log).init();
    Ok(())
}

/// Whether it may stand in a log, whatever is asked for: a library traces every message of the dashboard's sockets as it is,
/// tokens included.
fn is_fit(what: &Metadata<'_>) -> bool {
    *what.level() <= Level::INFO || !what.target().starts_with("tungstenite")
}
