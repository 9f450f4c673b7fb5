//! HLS media playlists.
//!
//! Times are what was measured, never what was planned. Addresses come from the caller, who has
//! already put the viewer's credential into them. RFC 8216.

use std::fmt::Write as _;
use std::time::Duration;

/// A media playlist of one rendition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Playlist<'a> {
    /// The longest segment that the playlist ever had, in whole seconds; it must not fall while
    /// the playlist lives. Raised here where a listed segment is longer.
    pub target_duration_s: u64,
    /// Number of the first listed segment.
    pub media_sequence: u64,
    /// Discontinuities that left the playlist with their segments.
    pub discontinuity_sequence: u64,
    /// In order.
    pub segments: &'a [Segment],
    /// Whether no more segments will come.
    pub ended: bool,
}

/// One segment of a playlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it is, relative to the playlist or absolute.
    pub uri: String,
    /// Where its init segment is. Written where it changes.
    pub map: String,
    /// As measured.
    pub duration: Duration,
    /// Whether time or format jumps before it.
    pub discontinuity: bool,
    /// When its first frame arrived, in milliseconds since 1970, UTC.
    pub program_date_time_ms: Option<i64>,
}

impl Playlist<'_> {
    /// The playlist as text.
    pub fn render(&self) -> String {
        let measured = self.segments.iter().map(|segment| whole_seconds(segment.duration));
        let target = measured.max().unwrap_or_default().max(self.target_duration_s);
        let mut out = format!(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:{}\n",
            target.max(1),
            self.media_sequence
        );
        if self.discontinuity_sequence > 0 {
            line(
                &mut out,
                format_args!("#EXT-X-DISCONTINUITY-SEQUENCE:{}", self.discontinuity_sequence),
            );
        }
        line(&mut out, format_args!("#EXT-X-INDEPENDENT-SEGMENTS"));
        let mut map = None;
        for segment in self.segments {
            if segment.discontinuity {
                line(&mut out, format_args!("#EXT-X-DISCONTINUITY"));
            }
            if map != Some(&segment.map) {
                map = Some(&segment.map);
                line(&mut out, format_args!("#EXT-X-MAP:URI=\"{}\"", one_line(&segment.map)));
            }
            if let Some(time) = segment.program_date_time_ms {
                line(&mut out, format_args!("#EXT-X-PROGRAM-DATE-TIME:{}", date_time(time)));
            }
            line(
                &mut out,
                format_args!(
                    "#EXTINF:{}.{:06},\n{}",
                    segment.duration.as_secs(),
                    segment.duration.subsec_micros(),
                    one_line(&segment.uri)
                ),
            );
        }
        if self.ended {
            line(&mut out, format_args!("#EXT-X-ENDLIST"));
        }
        out
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    _ = out.write_fmt(text);
    out.push('\n');
}

/// Rounded to the nearest, which is how 4.3.3.1 compares.
fn whole_seconds(duration: Duration) -> u64 {
    let up = u64::from(duration.subsec_millis() >= 500);
    duration.as_secs().saturating_add(up)
}

/// No address may end its line or its quotes.
fn one_line(uri: &str) -> String {
    let mut out = String::with_capacity(uri.len());
    for character in uri.chars() {
        match character {
            '"' => out.push_str("%22"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            other => out.push(other),
        }
    }
    out
}

/// RFC 3339 with milliseconds, UTC; the calendar is proleptic Gregorian.
fn date_time(unix_ms: i64) -> String {
    let days = unix_ms.div_euclid(DAY_MS);
    let time = unix_ms.rem_euclid(DAY_MS);
    let (year, month, day) = civil(days);
    let (hour, minute) = (time / 3_600_000, time / 60_000 % 60);
    let (second, millisecond) = (time / 1000 % 60, time % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

/// Year, month and day of a day number from 1970: the year is counted from March, so that the
/// leap day comes last.
const fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let leaps = (day_of_era / 1460).saturating_sub(day_of_era / 36_524);
    let year_of_era = day_of_era.saturating_sub(leaps).saturating_add(day_of_era / 146_096) / 365;
    let year_of_era = if year_of_era > 399 { 399 } else { year_of_era };
    let before = year_of_era
        .saturating_mul(365)
        .saturating_add(year_of_era / 4)
        .saturating_sub(year_of_era / 100);
    let day_of_year = day_of_era.saturating_sub(before);
    let march_month = day_of_year.saturating_mul(5).saturating_add(2) / 153;
    let month_start = march_month.saturating_mul(153).saturating_add(2) / 5;
    let day = day_of_year.saturating_sub(month_start).saturating_add(1);
    let month = if march_month < 10 {
        march_month.saturating_add(3)
    } else {
        march_month.saturating_sub(9)
    };
    let year = year_of_era.saturating_add(era.saturating_mul(400));
    let year = if month <= 2 { year.saturating_add(1) } else { year };
    (year, month, day)
}

const DAY_MS: i64 = 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(uri: &str, map: &str, ms: u64) -> Segment {
        Segment {
            uri: uri.into(),
            map: map.into(),
            duration: Duration::from_millis(ms),
            discontinuity: false,
            program_date_time_ms: None,
        }
    }

    #[test]
    fn a_new_map_and_a_discontinuity_stand_before_their_segment() {
        let mut third = segment("2.m4s?token=t", "init1.mp4", 1999);
        third.discontinuity = true;
        third.program_date_time_ms = Some(1_709_210_096_789);
        let segments = [
            segment("0.m4s?token=t", "init0.mp4", 2000),
            segment("1.m4s?token=t", "init0.mp4", 2500),
            third,
        ];
        let playlist = Playlist {
            target_duration_s: 2,
            media_sequence: 40,
            discontinuity_sequence: 1,
            segments: &segments,
            ended: true,
        };
        assert_eq!(
            playlist.render(),
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:3\n#EXT-X-MEDIA-SEQUENCE:40\n\
             #EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-MAP:URI=\"init0.mp4\"\n#EXTINF:2.000000,\n0.m4s?token=t\n\
             #EXTINF:2.500000,\n1.m4s?token=t\n#EXT-X-DISCONTINUITY\n\
             #EXT-X-MAP:URI=\"init1.mp4\"\n#EXT-X-PROGRAM-DATE-TIME:2024-02-29T12:34:56.789Z\n\
             #EXTINF:1.999000,\n2.m4s?token=t\n#EXT-X-ENDLIST\n"
        );
    }

    #[test]
    fn no_address_can_add_a_line() {
        let segments = [segment("a\n#EXT-X-ENDLIST", "b\"\r", 1000)];
        let playlist = Playlist {
            target_duration_s: 0,
            media_sequence: 0,
            discontinuity_sequence: 0,
            segments: &segments,
            ended: false,
        };
        let text = playlist.render();
        assert!(text.contains("a%0A#EXT-X-ENDLIST\n"));
        assert!(text.contains("URI=\"b%22%0D\"\n"));
        assert_eq!(text.lines().count(), 8);
    }

    #[test]
    fn the_calendar_is_right_at_its_edges() {
        assert_eq!(date_time(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(date_time(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(date_time(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(date_time(4_107_542_400_000), "2100-03-01T00:00:00.000Z");
    }
}
