//! Encoders: ffmpeg, and GStreamer with librtmp and with its own RTMP.

use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    time::timeout,
};

/// A running encoder.
pub(crate) struct Encoder(Child);

/// Which of GStreamer's sinks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gstreamer {
    /// librtmp, which is OBS' library.
    Librtmp,
    /// GStreamer's own.
    Own,
}

impl Encoder {
    /// ffmpeg, with a flash and a tone together every [`TICK_S`] seconds.
    pub(crate) fn ffmpeg(url: &str, seconds: u32) -> Self {
        let mut command = Command::new("ffmpeg");
        command.args(["-hide_banner", "-nostdin", "-loglevel", "error"]);
        marked(&mut command, seconds, true);
        // With B frames, as encoders have it by default.
        command.args([
            "-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-pix_fmt", "yuv420p",
        ]);
        command.args(["-c:a", "aac", "-b:a", "96k", "-f", "flv", url]);
        Self::spawn(&mut command)
    }

    /// GStreamer, from a file of [`flashes`].
    pub(crate) fn gstreamer(sink: Gstreamer, source: &Path, url: &str) -> Self {
        let sink = match sink {
            Gstreamer::Librtmp => "rtmpsink",
            Gstreamer::Own => "rtmp2sink",
        };
        let pipeline = format!(
            "filesrc location={} ! matroskademux name=d \
             d.video_0 ! queue ! jpegdec ! videoconvert \
             ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=50 ! h264parse ! queue ! mux. \
             d.audio_0 ! queue ! audioconvert ! audioresample ! avenc_aac ! aacparse ! queue ! mux. \
             flvmux name=mux streamable=true ! {sink} sync=true location={url}",
            source.display()
        );
        Self::spawn(Command::new("gst-launch-1.0").args(pipeline.split_whitespace()))
    }

    fn spawn(command: &mut Command) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        Self(child.expect("the encoder is installed"))
    }

    /// Its exit and what it said.
    pub(crate) async fn end(self) -> Output {
        timeout(PATIENCE, self.0.wait_with_output())
            .await
            .expect("the encoder ends")
            .expect("an outcome")
    }
}

/// A light push that lasts until it is dropped.
pub(crate) fn publish(url: &str) -> Encoder {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-loglevel", "error", "-re"]);
    command.args(["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"]);
    command.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]);
    command.args([
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-tune",
        "zerolatency",
        "-g",
        "25",
    ]);
    command.args(["-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", url]);
    Encoder::spawn(&mut command)
}

/// A push of about 6 Mbit/s that lasts until it is dropped.
pub(crate) fn publish_noise(url: &str) -> Encoder {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-loglevel", "error", "-re"]);
    command.args([
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=480x270:rate=25,noise=alls=60:allf=t",
    ]);
    command.args([
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-tune",
        "zerolatency",
        "-g",
        "25",
    ]);
    command.args(["-b:v", "6M", "-minrate", "6M", "-maxrate", "6M", "-bufsize", "3M"]);
    command.args(["-pix_fmt", "yuv420p", "-f", "flv", url]);
    Encoder::spawn(&mut command)
}

/// What ffmpeg says when it is not let in.
pub(crate) async fn refusal(url: &str) -> String {
    let output = publish(url).end().await;
    assert!(!output.status.success(), "ffmpeg was let in");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Writes a file in which a flash and a tone come together every [`TICK_S`] seconds.
pub(crate) async fn flashes(file: &Path, seconds: u32) {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-loglevel", "error"]);
    marked(&mut command, seconds, false);
    command.args([
        "-c:v",
        "mjpeg",
        "-q:v",
        "4",
        "-pix_fmt",
        "yuvj420p",
        "-c:a",
        "pcm_s16le",
    ]);
    let status = command.arg(file).stdin(Stdio::null()).status().await;
    assert!(status.expect("ffmpeg").success());
}

fn marked(command: &mut Command, seconds: u32, real_time: bool) {
    // Half a frame ahead, so that rounding does not move the first frame of a flash.
    let flash = format!("lt(mod(t+0.02,{TICK_S}),0.2)");
    let beep = format!("lt(mod(t,{TICK_S}),0.2)");
    if real_time {
        command.arg("-re");
    }
    command.args(["-f", "lavfi", "-i"]).arg(format!(
        "color=c=black:s=320x180:r=25,drawbox=w=iw:h=ih:c=white:t=fill:enable='{flash}'"
    ));
    if real_time {
        command.arg("-re");
    }
    command.args(["-f", "lavfi", "-i"]).arg(format!(
        "aevalsrc='if({beep},0.5*sin(2*PI*1000*t),0)|if({beep},0.5*sin(2*PI*1000*t),0)':s=48000"
    ));
    command.args(["-t", &seconds.to_string()]);
}

/// Between two flashes.
pub(crate) const TICK_S: u32 = 2;
const PATIENCE: Duration = Duration::from_mins(1);
