//! Portcullis as it is released, on a folder of its own.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::crowd;

pub(crate) struct Portcullis {
    child: Child,
    address: SocketAddr,
    ready: Value,
}

impl Portcullis {
    pub(crate) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let data = folder.join("portcullis");
        let log = std::fs::File::create(folder.join("portcullis.log"))?;
        let child = Command::new(binary())
            .args([
                "up",
                "--http",
                "127.0.0.1:0",
                "--rtmp",
                "127.0.0.1:0",
                "--demo",
                "--data",
            ])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start `{}`", binary().display()))?;
        let file = data.join("ready.json");
        crowd::until("portcullis is ready", async || file.exists()).await?;
        let ready: Value = serde_json::from_slice(&std::fs::read(file)?)?;
        let http = ready["http"].as_str().context("no address")?;
        let address = http.trim_start_matches("http://").parse()?;
        Ok(Self { child, address, ready })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Of the stream that waits for an encoder.
    pub(crate) fn ingest_url(&self) -> String {
        self.ready["streams"][1]["ingestUrl"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Where its viewers ask for it, with a token.
    pub(crate) fn watch_path(&self) -> String {
        let stream = &self.ready["streams"][1];
        let name = stream["name"].as_str().unwrap_or_default();
        let token = stream["watchUrl"]
            .as_str()
            .and_then(|url| url.split("token=").nth(1))
            .unwrap_or_default();
        format!("/live/{name}/ws?token={token}")
    }

    /// Until a viewer gets something.
    pub(crate) async fn wait_until_live(&self) -> anyhow::Result<()> {
        crowd::until("portcullis is live", async || {
            let Ok(first) = crowd::Crowd::over_websocket(self.address, &self.watch_path(), 1).await else {
                return false;
            };
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            first.received().iter().all(|bytes| *bytes > 100_000)
        })
        .await
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let asked = Command::new("kill")
            .args(["-TERM", &self.pid().to_string()])
            .status()
            .await?;
        ensure!(asked.success(), "cannot ask portcullis to drain");
        let status = self.child.wait().await?;
        ensure!(status.success(), "portcullis did not drain: {status}");
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "which binary is measured is said from outside")]
fn binary() -> PathBuf {
    let released = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/portcullis");
    std::env::var_os("PORTCULLIS_BIN").map_or_else(|| released.into(), PathBuf::from)
}
