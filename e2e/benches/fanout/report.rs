//! The table that docs/benchmarks.md shows. A ratio is ours over theirs, whichever way it turns out.

use std::io::{self, Write};

use crate::{Measured, VIEWERS};

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) fn write(out: &mut impl Write, ours: &Measured, theirs: &Measured) -> io::Result<()> {
    writeln!(
        out,
        "| | Portcullis, WebSocket | nginx-rtmp, RTMP | ratio |\n| --- | --- | --- | --- |"
    )?;
    let viewers = VIEWERS as f64;
    let mut row = |name: &str, unit: &str, digits: usize, figure: &dyn Fn(&Measured) -> f64| {
        let (ours, theirs) = (figure(ours), figure(theirs));
        let ratio = if theirs.abs() > f64::EPSILON {
            format!("{:.2}", ours / theirs)
        } else {
            "-".to_owned()
        };
        writeln!(
            out,
            "| {name} | {ours:.digits$} {unit} | {theirs:.digits$} {unit} | {ratio} |"
        )
    };
    let megabits = |bits: f64| bits / 1e6;
    let grown = |before: u64, after: u64| after.saturating_sub(before) as f64;

    row("a viewer got, mean", "Mbit/s", 3, &|one| megabits(one.received.1))?;
    row("a viewer got, least", "Mbit/s", 3, &|one| megabits(one.received.0))?;
    row("CPU without viewers, of one core", "%", 1, &|one| one.idle * 100.0)?;
    row("CPU with all, of one core", "%", 1, &|one| one.busy * 100.0)?;
    row("CPU per viewer, of one core", "%", 4, &|one| {
        (one.busy - one.idle) / viewers * 100.0
    })?;
    row("CPU per GB delivered", "s", 2, &|one| {
        (one.busy - one.idle) / (one.received.1 * viewers / 8e9)
    })?;
    row("memory without viewers", "MB", 1, &|one| {
        one.alone.memory_kb as f64 / 1e3
    })?;
    row("memory with all", "MB", 1, &|one| one.serving.memory_kb as f64 / 1e3)?;
    row("memory per viewer", "kB", 1, &|one| {
        grown(one.alone.memory_kb, one.serving.memory_kb) / viewers
    })?;
    row("kernel's TCP memory per viewer, both ends", "kB", 1, &|one| {
        grown(one.sockets_kb.0, one.sockets_kb.1) / viewers
    })
}
