//! One stream, many viewers: what a viewer costs in CPU and memory, beside nginx-rtmp doing the same in the same run.
//!
//! Both servers get the same recording from the same encoder, and each has the machine to itself while it is measured.
//! The viewers are ours and read without looking: what they cost is not in the figures, since only the servers'
//! processes are measured.

mod crowd;
mod encoder;
mod nginx;
mod portcullis;
mod process;
mod report;

use std::{
    io::{Write as _, stdout},
    time::Duration,
};

use anyhow::{Context as _, ensure};

use crate::{crowd::Crowd, encoder::Recording, nginx::Nginx, portcullis::Portcullis, process::Cost};

const VIEWERS: usize = 500;
/// Until what a server keeps of a stream has grown to its full size, viewers or not.
const FILL: Duration = Duration::from_secs(40);
/// Until what viewers get at once when they come is delivered.
const SETTLE: Duration = Duration::from_secs(5);
/// With the encoder and no viewer.
const IDLE_WINDOW: Duration = Duration::from_secs(10);
const WINDOW: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let recording = Recording::make(folder.path()).await?;
    let load_before = process::load_average()?;

    let nginx = Nginx::start(folder.path()).await?;
    let theirs = {
        let _encoder = recording.push(&nginx.url())?;
        nginx.wait_until_live().await?;
        measure(nginx.pid(), async || {
            Crowd::over_rtmp(&nginx.address(), nginx::APP, nginx::STREAM, VIEWERS).await
        })
        .await
        .context("nginx-rtmp")?
    };
    nginx.stop().await?;

    let portcullis = Portcullis::start(folder.path()).await?;
    let ours = {
        let _encoder = recording.push(&portcullis.ingest_url())?;
        portcullis.wait_until_live().await?;
        measure(portcullis.pid(), async || {
            Crowd::over_websocket(portcullis.address(), &portcullis.watch_path(), VIEWERS).await
        })
        .await
        .context("portcullis")?
    };
    portcullis.stop().await?;

    let mut out = stdout().lock();
    writeln!(
        out,
        "\n{VIEWERS} viewers on one stream of {:.2} Mbit/s, {} s each; {} cores, load average before {load_before}\n",
        recording.bits_per_s()? / 1e6,
        WINDOW.as_secs(),
        std::thread::available_parallelism()?,
    )?;
    report::write(&mut out, &ours, &theirs)?;
    Ok(())
}

/// What one server used.
struct Measured {
    /// With the encoder and no viewer: processor time per second.
    idle: f64,
    /// With all viewers: processor time per second.
    busy: f64,
    alone: Cost,
    serving: Cost,
    /// Kernel memory of all TCP sockets, both ends, without viewers and with them.
    sockets_kb: (u64, u64),
    /// Bits per second that a viewer got: least, mean.
    received: (f64, f64),
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
async fn measure(pid: u32, gather: impl AsyncFnOnce() -> anyhow::Result<Crowd>) -> anyhow::Result<Measured> {
    tokio::time::sleep(FILL).await;
    let begun = Cost::of(pid)?;
    tokio::time::sleep(IDLE_WINDOW).await;
    let (alone, sockets_alone) = (Cost::of(pid)?, process::sockets_kb()?);

    let crowd = gather().await?;
    tokio::time::sleep(SETTLE).await;
    let (before, received_before) = (Cost::of(pid)?, crowd.received());
    tokio::time::sleep(WINDOW).await;
    let (serving, received_after) = (Cost::of(pid)?, crowd.received());
    let sockets_serving = process::sockets_kb()?;

    ensure!(crowd.is_complete(), "a viewer was cut off while it was measured");
    let received: Vec<u64> = received_after
        .iter()
        .zip(&received_before)
        .map(|(after, before)| after - before)
        .collect();
    let mean = received.iter().sum::<u64>() / VIEWERS as u64;
    let least = received.into_iter().min().unwrap_or_default();
    ensure!(
        least > mean / 2,
        "a viewer got {least} bytes where the mean is {mean}: the machine is too slow for this"
    );
    let per_s = |bytes: u64| bytes as f64 * 8.0 / WINDOW.as_secs_f64();
    let share =
        |from: Cost, to: Cost, window: Duration| to.busy.saturating_sub(from.busy).as_secs_f64() / window.as_secs_f64();
    Ok(Measured {
        idle: share(begun, alone, IDLE_WINDOW),
        busy: share(before, serving, WINDOW),
        alone,
        serving,
        sockets_kb: (sockets_alone, sockets_serving),
        received: (per_s(least), per_s(mean)),
    })
}
