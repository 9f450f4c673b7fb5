//! ffmpeg as a source of FLV and as a judge of MP4.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

/// Runs ffmpeg or ffprobe with `input` on its standard input; panics on any complaint.
pub(crate) fn run(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(["-hide_banner", "-loglevel", "warning"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        scope.spawn(move || {
            // A program that has seen enough closes its end.
            _ = stdin.write_all(input);
        });
        child.wait_with_output().unwrap()
    });
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaints.is_empty(),
        "{program} {arguments:?}: {complaints}"
    );
    output.stdout
}

/// One tag of an FLV file.
pub(crate) struct Tag {
    pub(crate) kind: u8,
    pub(crate) time_ms: u32,
    pub(crate) body: bytes::Bytes,
}

/// Two seconds of a test picture with a tone, as ffmpeg muxes FLV.
pub(crate) fn flv() -> Vec<Tag> {
    let file = run(
        "ffmpeg",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=320x180:rate=25",
            "-f",
            "lavfi",
            "-i",
            "sine=frequency=440:sample_rate=48000",
            "-t",
            "2",
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-g",
            "25",
            "-pix_fmt",
            "yuv420p",
            "-c:a",
            "aac",
            "-ac",
            "2",
            "-flvflags",
            "no_duration_filesize",
            "-f",
            "flv",
            "-",
        ],
        &[],
    );
    let mut tags = Vec::new();
    let mut rest = &file[13..];
    while !rest.is_empty() {
        let length = u32::from_be_bytes([0, rest[1], rest[2], rest[3]]) as usize;
        tags.push(Tag {
            kind: rest[0],
            time_ms: u32::from_be_bytes([rest[7], rest[4], rest[5], rest[6]]),
            body: bytes::Bytes::copy_from_slice(&rest[11..11 + length]),
        });
        rest = &rest[11 + length + 4..];
    }
    tags
}
