//! nginx with its RTMP module, with one worker and nothing but this stream.

use std::{net::SocketAddr, path::Path, process::Stdio};

use anyhow::{Context as _, ensure};
use tokio::process::{Child, Command};

use crate::crowd;

pub(crate) const APP: &str = "live";
pub(crate) const STREAM: &str = "bench";

pub(crate) struct Nginx {
    child: Child,
    address: SocketAddr,
}

impl Nginx {
    pub(crate) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let folder = folder.join("nginx");
        std::fs::create_dir(&folder)?;
        let configuration = folder.join("nginx.conf");
        std::fs::write(&configuration, configuration_for(&folder, address))?;
        let child = Command::new("/usr/sbin/nginx")
            .arg("-c")
            .arg(&configuration)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start nginx")?;
        let nginx = Self { child, address };
        crowd::until("nginx listens", async || {
            tokio::net::TcpStream::connect(address).await.is_ok()
        })
        .await?;
        Ok(nginx)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("rtmp://{}/{APP}/{STREAM}", self.address)
    }

    /// Until a viewer gets something.
    pub(crate) async fn wait_until_live(&self) -> anyhow::Result<()> {
        let first = crowd::Crowd::over_rtmp(&self.address, APP, STREAM, 1).await?;
        crowd::until("nginx is live", async || {
            first.received().iter().all(|bytes| *bytes > 100_000)
        })
        .await
    }

    /// Asks it to end, so that its worker ends with it.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let asked = Command::new("kill")
            .args(["-TERM", &self.pid().to_string()])
            .status()
            .await?;
        ensure!(asked.success(), "cannot ask nginx to end");
        self.child.wait().await?;
        Ok(())
    }
}

fn configuration_for(folder: &Path, address: SocketAddr) -> String {
    let folder = folder.display();
    format!(
        "load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off;
worker_processes 1;
worker_rlimit_nofile 4096;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
rtmp {{
    server {{
        listen {address};
        chunk_size 4096;
        ping 10m;
        access_log off;
        application {APP} {{ live on; }}
    }}
}}
"
    )
}
