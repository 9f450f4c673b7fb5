//! The sequence parameter set, as far as a container needs it: size, pixel shape, frame rate.
//!
//! H.264 7.3.2.1.1 and E.1.1.

use crate::bits::Bits;

/// What a sequence parameter set says of the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sps {
    /// Pixels, after cropping.
    pub width: u16,
    /// Pixels, after cropping.
    pub height: u16,
    /// Width to height of one pixel, where stated.
    pub pixel_aspect: Option<(u16, u16)>,
    /// Frames per second as a reduced fraction, where stated.
    pub frame_rate: Option<(u32, u32)>,
}

impl Sps {
    /// Parses one NAL unit of type 7; `None` where it is another, ends early, or says nonsense.
    pub fn parse(nal: &[u8]) -> Option<Self> {
        let (&header, body) = nal.split_first()?;
        if header & 0x1f != 7 || body.len() > MAX_LENGTH {
            return None;
        }
        let body = without_emulation(body);
        let mut bits = Bits::new(&body);
        let profile = bits.bits(8)?;
        bits.bits(16)?;
        bits.unsigned()?;
        let chroma = if HIGH_PROFILES.contains(&profile) {
            chroma_array_type(&mut bits)?
        } else {
            1
        };
        skip_order(&mut bits)?;
        let across = bits.unsigned()?.checked_add(1)?;
        let down = bits.unsigned()?.checked_add(1)?;
        let frames_only = bits.bit()?;
        if !frames_only {
            bits.bit()?;
        }
        bits.bit()?;
        let fields = if frames_only { 1 } else { 2 };
        let mut width = across.checked_mul(16)?;
        let mut height = down.checked_mul(16)?.checked_mul(fields)?;
        if bits.bit()? {
            let horizontal = bits.unsigned()?.checked_add(bits.unsigned()?)?;
            let vertical = bits.unsigned()?.checked_add(bits.unsigned()?)?;
            let unit_x: u32 = if matches!(chroma, 1 | 2) { 2 } else { 1 };
            let unit_y: u32 = if chroma == 1 { 2 } else { 1 };
            width = width.checked_sub(horizontal.checked_mul(unit_x)?)?;
            height = height.checked_sub(vertical.checked_mul(unit_y.checked_mul(fields)?)?)?;
        }
        if width == 0 || height == 0 {
            return None;
        }
        let (pixel_aspect, frame_rate) = if bits.bit().unwrap_or(false) {
            usability(&mut bits).unwrap_or_default()
        } else {
            Default::default()
        };
        Some(Self {
            width: u16::try_from(width).ok()?,
            height: u16::try_from(height).ok()?,
            pixel_aspect,
            frame_rate,
        })
    }
}

/// Drops each 3 that stands after two zeros: H.264 7.4.1.
fn without_emulation(nal: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(nal.len());
    let mut zeros = 0_u8;
    for &byte in nal {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros.saturating_add(1) } else { 0 };
        body.push(byte);
    }
    body
}

fn chroma_array_type(bits: &mut Bits<'_>) -> Option<u32> {
    let format = bits.unsigned()?;
    if format > 3 {
        return None;
    }
    let separate = format == 3 && bits.bit()?;
    bits.unsigned()?;
    bits.unsigned()?;
    bits.bit()?;
    if bits.bit()? {
        let lists: u32 = if format == 3 { 12 } else { 8 };
        for list in 0..lists {
            if bits.bit()? {
                skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some(if separate { 0 } else { format })
}

fn skip_scaling_list(bits: &mut Bits<'_>, size: u32) -> Option<()> {
    let mut last = 8_i32;
    let mut next = 8_i32;
    for _ in 0..size {
        if next != 0 {
            next = last.checked_add(bits.signed()?)?.rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Some(())
}

/// Frame numbers, picture order count and reference frames.
fn skip_order(bits: &mut Bits<'_>) -> Option<()> {
    bits.unsigned()?;
    match bits.unsigned()? {
        0 => {
            bits.unsigned()?;
        }
        1 => {
            bits.bit()?;
            bits.signed()?;
            bits.signed()?;
            let cycle = bits.unsigned()?;
            if cycle > 255 {
                return None;
            }
            for _ in 0..cycle {
                bits.signed()?;
            }
        }
        _ => {}
    }
    bits.unsigned()?;
    bits.bit()?;
    Some(())
}

type Usability = (Option<(u16, u16)>, Option<(u32, u32)>);

fn usability(bits: &mut Bits<'_>) -> Option<Usability> {
    let pixel_aspect = if bits.bit()? { aspect(bits)?.stated() } else { None };
    if bits.bit()? {
        bits.bit()?;
    }
    if bits.bit()? {
        bits.bits(4)?;
        if bits.bit()? {
            bits.bits(24)?;
        }
    }
    if bits.bit()? {
        bits.unsigned()?;
        bits.unsigned()?;
    }
    let mut frame_rate = None;
    if bits.bit()? {
        let ticks = bits.bits(32)?;
        let scale = bits.bits(32)?;
        // A tick is one field: two make a frame.
        if let Some(ticks) = ticks.checked_mul(2)
            && ticks > 0
            && scale > 0
        {
            let divisor = greatest_common_divisor(scale, ticks);
            frame_rate = scale.checked_div(divisor).zip(ticks.checked_div(divisor));
        }
    }
    Some((pixel_aspect, frame_rate))
}

/// Width to height of one pixel; zeros where it is not stated.
struct Aspect(u16, u16);

impl Aspect {
    const fn stated(self) -> Option<(u16, u16)> {
        match self {
            Self(0, _) | Self(_, 0) => None,
            Self(width, height) => Some((width, height)),
        }
    }
}

fn aspect(bits: &mut Bits<'_>) -> Option<Aspect> {
    let index = bits.bits(8)?;
    if index == 255 {
        let width = u16::try_from(bits.bits(16)?).ok()?;
        return Some(Aspect(width, u16::try_from(bits.bits(16)?).ok()?));
    }
    let index = usize::try_from(index).ok()?;
    let &(width, height) = PIXEL_ASPECTS.get(index).unwrap_or(&(0, 0));
    Some(Aspect(width, height))
}

const fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while let Some(rest) = a.checked_rem(b) {
        a = b;
        b = rest;
    }
    a
}

const MAX_LENGTH: usize = 1024;

/// Profiles whose set states its chroma format.
const HIGH_PROFILES: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// H.264 table E-1.
const PIXEL_ASPECTS: [(u16, u16); 17] = [
    (0, 0),
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];
