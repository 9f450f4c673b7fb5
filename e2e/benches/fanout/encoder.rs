//! The encoder: one recording, made once, pushed in real time to whoever is measured.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::ensure;
use tokio::process::{Child, Command};

/// Of the recording.
const LENGTH_S: &str = "60";

/// A minute of picture and sound as FLV.
pub(crate) struct Recording {
    file: PathBuf,
}

impl Recording {
    pub(crate) async fn make(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join("recording.flv");
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30"])
            .args([
                "-f",
                "lavfi",
                "-i",
                "sine=frequency=440:sample_rate=48000",
                "-t",
                LENGTH_S,
            ])
            .args([
                "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "60", "-bf", "0",
            ])
            .args([
                "-b:v", "2500k", "-minrate", "2500k", "-maxrate", "2500k", "-bufsize", "2500k",
            ])
            .args([
                "-x264-params",
                "nal-hrd=cbr:force-cfr=1",
                "-c:a",
                "aac",
                "-b:a",
                "128k",
                "-f",
                "flv",
            ])
            .arg(&file)
            .stdin(Stdio::null())
            .status()
            .await?;
        ensure!(status.success(), "ffmpeg cannot make the recording");
        Ok(Self { file })
    }

    /// Picture, sound and what the container adds.
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub(crate) fn bits_per_s(&self) -> anyhow::Result<f64> {
        let length_s: f64 = LENGTH_S.parse()?;
        Ok(std::fs::metadata(&self.file)?.len() as f64 * 8.0 / length_s)
    }

    /// Pushes it over and over, until the result is dropped.
    pub(crate) fn push(&self, url: &str) -> anyhow::Result<Child> {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg
            .args(["-v", "error", "-re", "-stream_loop", "-1", "-i"])
            .arg(&self.file);
        ffmpeg
            .args(["-c", "copy", "-f", "flv", url])
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Ok(ffmpeg.spawn()?)
    }
}
