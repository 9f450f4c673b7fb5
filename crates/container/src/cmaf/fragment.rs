//! A fragment: `moof` and `mdat` of one track, built once and shared by every viewer.

use bytes::{BufMut, Bytes, BytesMut};
use mp4_atom::{Encode, Mfhd, Moof, Tfdt, Tfhd, Traf, Trun, TrunEntry};

use super::{Error, Track};

/// One frame of video or of audio, in decoding order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// In the track's units.
    pub duration: u32,
    /// Bytes of payload.
    pub size: u32,
    /// Whether decoding can begin here; true for all audio.
    pub keyframe: bool,
    /// Presentation minus decode time, in the track's units.
    pub composition_offset: i32,
}

/// One fragment of `track` that begins at `base_decode_time`.
///
/// `payload` is the samples' bytes, in any number of parts. `sequence` rises with each fragment
/// of the presentation.
pub fn fragment(
    sequence: u32,
    track: &Track,
    base_decode_time: u64,
    samples: &[Sample],
    payload: &[Bytes],
) -> Result<Bytes, Error> {
    if samples.is_empty() {
        return Err(Error::NoSample);
    }
    let given = payload.iter().fold(0_u64, |sum, part| {
        sum.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX))
    });
    let announced = samples
        .iter()
        .fold(0_u64, |sum, sample| sum.saturating_add(sample.size.into()));
    if given != announced {
        return Err(Error::PayloadLength { announced, given });
    }
    let mdat_size = u32::try_from(given.saturating_add(MDAT_HEADER.into())).map_err(|_| Error::TooLong)?;

    // The offset has a fixed width: the first pass finds the length, the second states it.
    let mut moof = moof(sequence, track, base_decode_time, samples);
    let mut header = Vec::with_capacity(128);
    moof.encode(&mut header)?;
    let data_offset = i32::try_from(header.len())
        .ok()
        .and_then(|length| length.checked_add(MDAT_HEADER.cast_signed()))
        .ok_or(Error::TooLong)?;
    for run in moof.traf.iter_mut().flat_map(|traf| &mut traf.trun) {
        run.data_offset = Some(data_offset);
    }
    header.clear();
    moof.encode(&mut header)?;

    let length = usize::try_from(mdat_size).map_err(|_| Error::TooLong)?;
    let mut out = BytesMut::with_capacity(header.len().saturating_add(length));
    out.extend_from_slice(&header);
    out.put_u32(mdat_size);
    out.extend_from_slice(b"mdat");
    for part in payload {
        out.extend_from_slice(part);
    }
    Ok(out.freeze())
}

fn moof(sequence: u32, track: &Track, base_decode_time: u64, samples: &[Sample]) -> Moof {
    let offsets = samples.iter().any(|sample| sample.composition_offset != 0);
    let entries: Vec<_> = samples
        .iter()
        .map(|sample| TrunEntry {
            duration: Some(sample.duration),
            size: Some(sample.size),
            flags: Some(if sample.keyframe { SYNC } else { NOT_SYNC }),
            cts: offsets.then(|| sample.composition_offset.into()),
        })
        .collect();
    Moof {
        mfhd: Mfhd {
            sequence_number: sequence,
        },
        traf: vec![Traf {
            tfhd: Tfhd {
                track_id: track.id,
                default_base_is_moof: true,
                ..Tfhd::default()
            },
            tfdt: Some(Tfdt {
                base_media_decode_time: base_decode_time,
            }),
            trun: vec![Trun {
                data_offset: Some(0),
                samples: entries.into(),
            }],
            ..Traf::default()
        }],
    }
}

const MDAT_HEADER: u32 = 8;

// ISO/IEC 14496-12, 8.8.3.1: depends on no other sample; depends on others and is no sync sample.
const SYNC: u32 = 0x0200_0000;
const NOT_SYNC: u32 = 0x0101_0000;

#[cfg(test)]
mod tests {
    use mp4_atom::{Any, Decode};

    use super::*;
    use crate::{avc, fixture};

    fn track() -> Track {
        Track::avc(7, avc::Config::parse(fixture::avc_record()).unwrap())
    }

    fn sample(size: u32, composition_offset: i32) -> Sample {
        Sample {
            duration: 3600,
            size,
            keyframe: true,
            composition_offset,
        }
    }

    #[test]
    fn a_fragment_points_at_its_own_payload() {
        let parts = [Bytes::from_static(b"abc"), Bytes::from_static(b"defgh")];
        let samples = [sample(5, -3600), sample(3, 7200)];
        let whole = fragment(9, &track(), 1 << 40, &samples, &parts).unwrap();
        let mut rest = whole.clone();
        let Any::Moof(moof) = Any::decode(&mut rest).unwrap() else {
            panic!("no moof");
        };
        let traf = &moof.traf[0];
        assert_eq!(traf.tfdt.as_ref().unwrap().base_media_decode_time, 1 << 40);
        let run = &traf.trun[0];
        let start = usize::try_from(run.data_offset.unwrap()).unwrap();
        assert_eq!(&whole[start..], b"abcdefgh");
        let offsets: Vec<_> = run.samples.iter().map(|entry| entry.cts).collect();
        assert_eq!(offsets, [Some(-3600), Some(7200)]);
        let Any::Mdat(mdat) = Any::decode(&mut rest).unwrap() else {
            panic!("no mdat");
        };
        assert_eq!(mdat.data, b"abcdefgh");
    }

    #[test]
    fn a_payload_that_does_not_fit_its_samples_is_refused() {
        let parts = [Bytes::from_static(b"abc")];
        let error = fragment(1, &track(), 0, &[sample(4, 0)], &parts).unwrap_err();
        assert!(matches!(error, Error::PayloadLength { announced: 4, given: 3 }));
        assert!(matches!(fragment(1, &track(), 0, &[], &[]), Err(Error::NoSample)));
    }
}
