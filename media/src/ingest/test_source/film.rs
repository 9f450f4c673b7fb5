//! The film, from an FLV file inside the binary. Adobe FLV 10.1 E.3.

use bytes::{Buf, Bytes};
use container::flv;

use crate::hub::Publisher;

/// A film in memory.
#[derive(Debug)]
pub(super) struct Film {
    frames: Vec<(i64, Frame)>,
    lasts_ms: i64,
}

/// One message of it.
#[derive(Debug)]
pub(super) enum Frame {
    Video(Vec<flv::Video>, usize),
    Audio(Vec<flv::Audio>, usize),
}

/// The file is not what it should be.
#[derive(Debug, thiserror::Error)]
pub(super) enum FilmError {
    #[error("the file ends inside a tag")]
    Truncated,
    #[error("a tag cannot be read")]
    Tag(#[from] flv::Error),
}

impl Film {
    pub(super) fn built_in() -> Result<Self, FilmError> {
        Self::parse(Bytes::from_static(FILE), LASTS_MS)
    }

    /// What ends after `lasts_ms` is left out, so that the end fits the beginning.
    fn parse(mut file: Bytes, lasts_ms: i64) -> Result<Self, FilmError> {
        let mut frames = Vec::new();
        take(&mut file, 13)?;
        while !file.is_empty() {
            let mut head = take(&mut file, 11)?;
            let kind = head.get_u8();
            let length = usize::try_from(head.get_uint(3)).map_err(|_| FilmError::Truncated)?;
            let (low, high) = (head.get_uint(3), u64::from(head.get_u8()));
            let at_ms = i64::try_from(high << 24 | low).unwrap_or(0);
            let body = take(&mut file, length)?;
            take(&mut file, 4)?;
            let frame = match kind {
                8 => Frame::Audio(flv::audio(&body)?, length),
                9 => Frame::Video(flv::video(&body)?, length),
                _ => continue,
            };
            if at_ms < lasts_ms {
                frames.push((at_ms, frame));
            }
        }
        Ok(Self { frames, lasts_ms })
    }

    /// The film again and again, its times going on.
    pub(super) fn looped(&self) -> impl Iterator<Item = (i64, &Frame)> {
        (0_i64..).flat_map(move |round| {
            let offset = round.saturating_mul(self.lasts_ms);
            self.frames.iter().map(move |(at_ms, frame)| (at_ms + offset, frame))
        })
    }
}

impl Frame {
    pub(super) fn publish(&self, at_ms: i64, publisher: &mut Publisher) {
        match self {
            Self::Video(tracks, _) => tracks.iter().for_each(|track| publisher.video(at_ms, track)),
            Self::Audio(tracks, _) => tracks.iter().for_each(|track| publisher.audio(at_ms, track)),
        }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Video(_, length) | Self::Audio(_, length) => *length as u64,
        }
    }
}

fn take(file: &mut Bytes, length: usize) -> Result<Bytes, FilmError> {
    if file.len() < length {
        Err(FilmError::Truncated)
    } else {
        Ok(file.split_to(length))
    }
}

/// 640×360, 25 pictures a second, a key frame every 2 s; 375 frames of sound of 1024 samples at 48 kHz are 8 s sharp.
static FILE: &[u8] = include_bytes!("../../../assets/test-source.flv");
const LASTS_MS: i64 = 8_000;

#[cfg(test)]
mod tests {
    use super::{Film, Frame, LASTS_MS};

    #[test]
    fn the_films_times_go_on_across_the_loop() {
        let film = Film::built_in().unwrap();
        let media = |frame: &Frame| matches!(frame, Frame::Audio(..));
        let times: Vec<i64> = film
            .looped()
            .filter(|(_, frame)| media(frame))
            .map(|(at, _)| at)
            .take(1500)
            .collect();
        assert!(
            times
                .windows(2)
                .all(|pair| pair[1] >= pair[0] && pair[1] - pair[0] <= 22)
        );
        assert!(times.last().is_some_and(|last| *last > 3 * LASTS_MS));
    }
}
