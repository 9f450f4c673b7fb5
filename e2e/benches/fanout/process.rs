//! What a process and its children have used, as the kernel counts it. See proc(5).

use std::{fs, time::Duration};

use anyhow::Context as _;

/// Ticks per second of the counters in `/proc/PID/stat`; the same on every Linux that we meet.
const TICKS_PER_S: u64 = 100;

/// On the machines that we meet.
const PAGE_KB: u64 = 4;

/// Used until now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// In user and kernel mode.
    pub(crate) busy: Duration,
    /// Proportional set size: shared pages are shared out.
    pub(crate) memory_kb: u64,
}

impl Cost {
    /// Of a process and those that it started.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let mut sum = Self::of_one(pid)?;
        for child in children(pid)? {
            let cost = Self::of_one(child)?;
            sum.busy += cost.busy;
            sum.memory_kb += cost.memory_kb;
        }
        Ok(sum)
    }

    fn of_one(pid: u32) -> anyhow::Result<Self> {
        let stat = read(pid, "stat")?;
        // The name stands in parentheses and may hold anything; the counters of time are fields 14 and 15.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<u64>().ok());
        let ticks = ticks(14).zip(ticks(15)).context("cannot read the time of a process")?;
        let memory = read(pid, "smaps_rollup")?;
        let pss = memory
            .lines()
            .find_map(|line| line.strip_prefix("Pss:"))
            .context("no proportional set size")?;
        Ok(Self {
            busy: Duration::from_millis((ticks.0 + ticks.1) * 1000 / TICKS_PER_S),
            memory_kb: pss.trim().trim_end_matches(" kB").parse()?,
        })
    }
}

/// Kernel memory of all TCP sockets of the machine.
pub(crate) fn sockets_kb() -> anyhow::Result<u64> {
    let text = fs::read_to_string("/proc/net/sockstat").context("cannot read the kernel's count of sockets")?;
    let pages: u64 = text
        .lines()
        .find(|line| line.starts_with("TCP:"))
        .and_then(|line| line.rsplit("mem ").next()?.trim().parse().ok())
        .context("no memory of TCP sockets")?;
    Ok(pages * PAGE_KB)
}

/// Of the last minute.
pub(crate) fn load_average() -> anyhow::Result<String> {
    let text = fs::read_to_string("/proc/loadavg").context("cannot read the load average")?;
    Ok(text.split(' ').next().unwrap_or_default().to_owned())
}

fn children(pid: u32) -> anyhow::Result<Vec<u32>> {
    let list = read(pid, &format!("task/{pid}/children"))?;
    list.split_whitespace()
        .map(|child| child.parse().context("cannot read a child's id"))
        .collect()
}

fn read(pid: u32, what: &str) -> anyhow::Result<String> {
    fs::read_to_string(format!("/proc/{pid}/{what}")).with_context(|| format!("cannot read {what} of process {pid}"))
}
