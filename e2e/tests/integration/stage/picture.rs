//! What ffmpeg and ffprobe find in media.

use std::{path::Path, process::Stdio};

use tokio::process::Command;

/// Where in a file the picture turns from black, and the sound from silence, in seconds.
#[derive(Debug)]
pub(crate) struct Marks {
    pub(crate) flashes: Vec<f64>,
    pub(crate) beeps: Vec<f64>,
}

/// One packet's times, in seconds.
#[derive(Debug)]
pub(crate) struct Packet {
    pub(crate) is_video: bool,
    pub(crate) pts: f64,
    pub(crate) dts: f64,
}

/// Everything that ffmpeg, or another of its family, complains of.
pub(crate) async fn complaints(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(["-hide_banner", "-loglevel", "error"])
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("ffmpeg is installed");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
    text
}

/// The packets of `seconds` of an address, in the order in which they come.
pub(crate) async fn packets(url: &str, seconds: u32) -> Vec<Packet> {
    let output = Command::new("ffprobe")
        .args(["-hide_banner", "-loglevel", "error"])
        .args(["-read_intervals", &format!("%+{seconds}")])
        .args([
            "-show_entries",
            "packet=codec_type,pts_time,dts_time",
            "-of",
            "csv=p=0",
            url,
        ])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("ffprobe is installed");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{url}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let packet = |line: &str| {
        let fields: Vec<_> = line.split(',').collect();
        let time = |index: usize| fields[index].parse().unwrap_or_else(|_| panic!("no time in `{line}`"));
        Packet {
            is_video: fields[0] == "video",
            pts: time(1),
            dts: time(2),
        }
    };
    text.lines().filter(|line| !line.is_empty()).map(packet).collect()
}

/// Decodes a file and finds its marks.
pub(crate) async fn marks(file: &Path) -> Marks {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostats", "-nostdin", "-i"])
        .arg(file)
        .args([
            "-vf",
            "blackdetect=d=0.1:pix_th=0.3",
            "-af",
            "silencedetect=n=-30dB:d=0.2",
        ])
        .args(["-f", "null", "-"])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("ffmpeg is installed");
    let text = String::from_utf8_lossy(&output.stderr);
    let all = |name: &str| {
        let words = text.split([' ', '\n', '\r', '|']);
        let mut found = Vec::new();
        let mut next_is = false;
        for word in words.filter(|word| !word.is_empty()) {
            if let Some(rest) = word.strip_prefix(name) {
                next_is = rest.is_empty();
                found.extend(rest.parse::<f64>().ok());
            } else if std::mem::take(&mut next_is) {
                found.extend(word.parse::<f64>().ok());
            }
        }
        found
    };
    Marks {
        flashes: all("black_end:"),
        beeps: all("silence_end:"),
    }
}
