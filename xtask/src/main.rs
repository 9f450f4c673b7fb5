//! Every developer command, and the checks that keep the picture true.
//!
//! `up` and `test` are the two that a stranger needs: both install what is missing first and ask nothing.
#![expect(clippy::print_stdout, reason = "these commands talk to the person who typed them")]

mod bench;
mod check;
mod lighthouse;
mod repository;
mod sdl;
mod setup;
mod shell;
mod steps;
mod test;
mod trial;
mod up;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::repository::Repository;

/// Everything that is done to this project, by its name.
#[derive(Parser)]
#[command(name = "cargo xtask", about, disable_help_subcommand = true)]
struct Xtask {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything, start it with demo accounts and say where to click.
    Up {
        /// Given to `portcullis up` as they are, after `--`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Build the dashboard and the binary as they are released, installing what is missing first.
    Build,
    /// Run every check and every test, installing what they need first.
    Test,
    /// Run the formatter, the linter and the structure checks alone.
    Check,
    /// Measure, beside nginx-rtmp where it is named in docs/benchmarks.md.
    Bench,
    /// Audit the pages with Lighthouse, and fail where accessibility or best practices are below 100.
    Lighthouse,
    /// Kill the process at random moments and see that no answered change is lost.
    Trial {
        /// How often.
        #[arg(long, default_value_t = 100)]
        lives: u64,
        /// The number that an earlier trial printed, for the same moments again.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Write api/schema.graphql anew from the code.
    Sdl,
    /// Build the dashboard into web/dist.
    Web {
        /// Leave it unoptimised, for quick changes.
        #[arg(long)]
        debug: bool,
    },
    /// Install whatever `test` and `bench` need, and nothing else.
    Setup,
}

fn main() -> ExitCode {
    let repository = Repository::here();
    let outcome = match Xtask::parse().command {
        Command::Up { arguments } => up::up(&repository, &arguments),
        Command::Build => up::build(&repository),
        Command::Test => test::test(&repository),
        Command::Check => test::check(&repository),
        Command::Bench => bench::bench(&repository),
        Command::Lighthouse => lighthouse::lighthouse(&repository),
        Command::Trial { lives, seed } => trial::trial(&repository, lives, seed),
        Command::Sdl => sdl::write(&repository),
        Command::Web { debug } => up::dashboard(&repository, !debug),
        Command::Setup => setup::everything(&repository),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
