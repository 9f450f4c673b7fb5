//! Portcullis: secure live streaming, self-hosted. One binary; this crate is configuration, subcommands and wiring.

mod audit;
mod configuration;
mod dashboard;
mod https;
mod log;
mod operator;
mod ops;
mod ready;
mod search;
mod up;

use std::{io::Write, net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use configuration::{Configuration, DEFAULTS, Flags};

/// Secure live streaming, self-hosted.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything in one process.
    Up(Up),
    /// Make, or unmake, platform operators.
    Operator(operator::Arguments),
    /// Verify the audit log.
    Audit(audit::Arguments),
    /// Build the indices of searches anew.
    Search(search::Arguments),
    /// Print every configuration key with its default and its meaning.
    Configuration,
}

#[derive(Debug, clap::Args)]
struct Up {
    /// The folder for everything that must survive [default: ./data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the dashboard, GraphQL and HTTP playback are [default: 0.0.0.0:8080, with --demo 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
    /// Where broadcasters push by RTMP [default: 0.0.0.0:1935, with --demo 127.0.0.1:1935]
    #[arg(long, value_name = "ADDR")]
    rtmp: Option<SocketAddr>,
    /// Where /metrics, /healthz and /readyz are [default: nowhere]
    #[arg(long, value_name = "ADDR")]
    ops: Option<SocketAddr>,
    /// A configuration file (see `portcullis configuration`)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Seed two organisations with users whose passwords are known, and a test stream; loopback addresses only
    #[arg(long)]
    demo: bool,
}

fn main() -> ExitCode {
    // First of all: with two providers in the graph rustls would not choose.
    let provider = rustls::crypto::aws_lc_rs::default_provider().install_default();
    debug_assert!(provider.is_ok(), "the crypto provider is installed once");
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            // The chain is printed once, here.
            let _ = writeln!(std::io::stderr(), "portcullis: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Configuration => std::io::stdout().write_all(DEFAULTS.as_bytes())?,
        Command::Operator(arguments) => operator::run(&arguments)?,
        Command::Audit(arguments) => return Ok(audit::run(arguments)),
        Command::Search(arguments) => search::run(arguments)?,
        Command::Up(arguments) => {
            let Up {
                data,
                http,
                rtmp,
                ops,
                config,
                demo,
            } = arguments;
            let configuration = Configuration::read(&Flags {
                file: config,
                data,
                http,
                rtmp,
                ops,
                demo,
            })?;
            log::init(&configuration)?;
            tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?
                .block_on(up::run(configuration, demo))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
