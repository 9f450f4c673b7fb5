//! The init segment: `ftyp` and `moov`, with everything a decoder must know before a frame.

use bytes::Bytes;
use mp4_atom::{
    Audio, Avc1, Avcc, AvccExt, Codec, Dinf, Dref, Encode, Esds, FixedPoint, Ftyp, Hdlr, Mdhd, Mdia, Minf, Moov, Mp4a,
    Mvex, Mvhd, Pasp, Smhd, Stbl, Stco, Stsd, Tkhd, Trak, Trex, Url, Visual, Vmhd, esds,
};

use super::{Error, Media, Track};
use crate::{aac, avc};

/// One init segment for all `tracks`.
pub fn init(tracks: &[Track]) -> Result<Bytes, Error> {
    if tracks.is_empty() {
        return Err(Error::NoTrack);
    }
    let mut out = Vec::with_capacity(1536);
    Ftyp {
        major_brand: b"iso6".into(),
        minor_version: 0,
        compatible_brands: vec![b"iso6".into(), b"cmfc".into(), b"mp41".into()],
    }
    .encode(&mut out)?;
    let last = tracks.iter().map(|track| track.id).max().unwrap_or_default();
    Moov {
        mvhd: Mvhd {
            timescale: 1000,
            rate: FixedPoint::new(1, 0),
            volume: FixedPoint::new(1, 0),
            next_track_id: last.saturating_add(1),
            ..Mvhd::default()
        },
        mvex: Some(Mvex {
            mehd: None,
            trex: tracks.iter().map(trex).collect(),
        }),
        trak: tracks.iter().map(trak).collect(),
        ..Moov::default()
    }
    .encode(&mut out)?;
    Ok(out.into())
}

const fn trex(track: &Track) -> Trex {
    Trex {
        track_id: track.id,
        default_sample_description_index: 1,
        default_sample_duration: 0,
        default_sample_size: 0,
        default_sample_flags: 0,
    }
}

fn trak(track: &Track) -> Trak {
    let video = track.is_video();
    let (width, height) = displayed(track);
    Trak {
        tkhd: Tkhd {
            track_id: track.id,
            enabled: true,
            in_movie: true,
            alternate_group: u16::from(!video),
            volume: FixedPoint::new(u8::from(!video), 0),
            width: FixedPoint::new(width, 0),
            height: FixedPoint::new(height, 0),
            ..Tkhd::default()
        },
        mdia: Mdia {
            mdhd: Mdhd {
                timescale: track.timescale,
                language: "und".into(),
                ..Mdhd::default()
            },
            hdlr: Hdlr {
                handler: if video { b"vide".into() } else { b"soun".into() },
                name: String::new(),
            },
            minf: Minf {
                vmhd: video.then(Vmhd::default),
                smhd: (!video).then(Smhd::default),
                dinf: Dinf {
                    // An entry without location says: the media is in this file.
                    dref: Dref {
                        entries: vec![Url::default().into()],
                    },
                },
                stbl: Stbl {
                    stsd: Stsd {
                        codecs: vec![sample_entry(&track.media)],
                    },
                    stco: Some(Stco::default()),
                    ..Stbl::default()
                },
                ..Minf::default()
            },
        },
        ..Trak::default()
    }
}

/// The size to show, pixel shape applied; (0, 0) for sound.
fn displayed(track: &Track) -> (u16, u16) {
    let Media::Avc(config) = &track.media else {
        return (0, 0);
    };
    let picture = &config.picture;
    let (across, down) = picture.pixel_aspect.unwrap_or((1, 1));
    let width = u32::from(picture.width)
        .saturating_mul(u32::from(across))
        .checked_div(u32::from(down))
        .and_then(|width| u16::try_from(width).ok())
        .unwrap_or(picture.width);
    (width, picture.height)
}

fn sample_entry(media: &Media) -> Codec {
    match media {
        Media::Avc(config) => avc1(config).into(),
        Media::Aac(config) => mp4a(config).into(),
    }
}

fn avc1(config: &avc::Config) -> Avc1 {
    Avc1 {
        visual: Visual {
            data_reference_index: 1,
            width: config.picture.width,
            height: config.picture.height,
            ..Visual::default()
        },
        avcc: Avcc {
            configuration_version: 1,
            avc_profile_indication: config.profile,
            profile_compatibility: config.compatibility,
            avc_level_indication: config.level,
            length_size: config.length_size,
            sequence_parameter_sets: config.sps.iter().map(|set| set.to_vec()).collect(),
            picture_parameter_sets: config.pps.iter().map(|set| set.to_vec()).collect(),
            ext: config.chroma.map(|chroma| AvccExt {
                chroma_format: chroma.format,
                bit_depth_luma: chroma.luma_depth,
                bit_depth_chroma: chroma.chroma_depth,
                sequence_parameter_sets_ext: Vec::new(),
            }),
        },
        pasp: config.picture.pixel_aspect.map(|(across, down)| Pasp {
            h_spacing: u32::from(across),
            v_spacing: u32::from(down),
        }),
        ..Avc1::default()
    }
}

fn mp4a(config: &aac::Config) -> Mp4a {
    Mp4a {
        audio: Audio {
            data_reference_index: 1,
            channel_count: u16::from(config.channels),
            sample_size: 16,
            // The field holds 16 bits; `esds` says what is true above them.
            sample_rate: FixedPoint::new(u16::try_from(config.rate).unwrap_or_default(), 0),
        },
        esds: Esds {
            es_desc: esds::EsDescriptor {
                es_id: 0,
                dec_config: esds::DecoderConfig {
                    object_type_indication: MPEG4_AUDIO,
                    stream_type: AUDIO_STREAM,
                    dec_specific: Some(esds::DecoderSpecific {
                        raw: config.record.to_vec(),
                        ..esds::DecoderSpecific::default()
                    }),
                    ..esds::DecoderConfig::default()
                },
                ..esds::EsDescriptor::default()
            },
        },
        btrt: None,
        taic: None,
    }
}

const MPEG4_AUDIO: u8 = 0x40;
const AUDIO_STREAM: u8 = 5;

#[cfg(test)]
mod tests {
    use mp4_atom::{Any, Decode};

    use super::*;
    use crate::fixture;

    #[test]
    fn an_init_segment_reads_back_as_two_self_contained_tracks() {
        let tracks = [
            Track::avc(1, avc::Config::parse(fixture::avc_record()).unwrap()),
            Track::aac(2, aac::Config::parse(fixture::aac_record()).unwrap()),
        ];
        let mut bytes = init(&tracks).unwrap();
        assert!(matches!(Any::decode(&mut bytes).unwrap(), Any::Ftyp(_)));
        let Any::Moov(moov) = Any::decode(&mut bytes).unwrap() else {
            panic!("no moov after ftyp");
        };
        assert!(bytes.is_empty());
        assert_eq!(moov.trak.len(), 2);
        assert_eq!(moov.mvex.unwrap().trex.len(), 2);
        for trak in &moov.trak {
            assert_eq!(trak.mdia.minf.dinf.dref.entries.len(), 1);
        }
        let Codec::Avc1(avc1) = &moov.trak[0].mdia.minf.stbl.stsd.codecs[0] else {
            panic!("no avc1");
        };
        assert_eq!(avc1.visual.data_reference_index, 1);
        let mut record = Vec::new();
        avc1.avcc.encode(&mut record).unwrap();
        assert_eq!(record[8..], fixture::avc_record());
        assert_eq!(super::super::codecs(&tracks), "avc1.64000c,mp4a.40.2");
    }

    #[test]
    fn no_tracks_make_no_segment() {
        assert!(matches!(init(&[]), Err(Error::NoTrack)));
    }
}
