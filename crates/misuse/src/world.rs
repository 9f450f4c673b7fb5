//! How far apart countries are.

use guard::Country;

/// What lies between two countries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// Nothing: they are one.
    Same,
    /// A border, or so little that a telephone hears both.
    Border,
    /// About so many kilometres, at least; both are taken for discs.
    Kilometres(u32),
    /// It is not known.
    Unknown,
}

/// What lies between two countries.
///
/// # Examples
/// ```
/// use misuse::{Between, between};
///
/// let country = |code: &str| code.parse().unwrap();
/// assert_eq!(between(country("DE"), country("AT")), Between::Border);
/// assert!(matches!(between(country("DE"), country("JP")), Between::Kilometres(8_000..9_000)));
/// ```
pub fn between(one: Country, other: Country) -> Between {
    if one == other {
        return Between::Same;
    }
    let (Some(a), Some(b)) = (find(one), find(other)) else {
        return Between::Unknown;
    };
    if a.4.split(' ').any(|code| code == other.as_str()) {
        return Between::Border;
    }
    let far = distance_km((a.1, a.2), (b.1, b.2)) - f64::from(a.3) - f64::from(b.3);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 20015")]
    let far = far.max(0.0) as u32;
    if far < NEAR_KM {
        Between::Border
    } else {
        Between::Kilometres(far)
    }
}

/// By the haversine formula.
fn distance_km(one: (i8, i16), other: (i8, i16)) -> f64 {
    let (lat1, lat2) = (f64::from(one.0).to_radians(), f64::from(other.0).to_radians());
    let (dlat, dlon) = (lat2 - lat1, (f64::from(other.1) - f64::from(one.1)).to_radians());
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let a = half(dlat) + lat1.cos() * lat2.cos() * half(dlon);
    2.0 * EARTH_KM * a.sqrt().asin()
}

fn find(country: Country) -> Option<&'static Row> {
    let at = COUNTRIES.binary_search_by_key(&country.as_str(), |row| row.0).ok()?;
    COUNTRIES.get(at)
}

const EARTH_KM: f64 = 6_371.0;
/// As far as a telephone on the coast, or on a ferry, may hear another country.
const NEAR_KM: u32 = 60;

/// Code; latitude and longitude of the middle of its largest piece, in degrees; the radius of a disc of that piece's
/// size, in kilometres; whom it has a border with.
type Row = (&'static str, i8, i16, u16, &'static str);

/// From Natural Earth, 1:50 million (public domain), and the bridges and tunnels between Denmark and Sweden, England and
/// France, Malaysia and Singapore.
#[rustfmt::skip]
const COUNTRIES: [Row; 236] = [
    ("AD", 43, 2, 12, "ES FR"),
    ("AE", 24, 54, 150, "OM SA"),
    ("AF", 34, 66, 452, "CN IR PK TJ TM UZ"),
    ("AG", 17, -62, 9, ""),
    ("AI", 18, -63, 5, ""),
    ("AL", 41, 20, 95, "GR ME MK XK"),
    ("AM", 40, 45, 97, "AZ GE IR TR"),
    ("AO", -12, 18, 629, "CD CG NA ZM"),
    ("AQ", -85, 83, 1960, ""),
    ("AR", -35, -65, 938, "BO BR CL PY UY"),
    ("AS", -14, -171, 6, ""),
    ("AT", 48, 14, 163, "CH CZ DE HU IT LI SI SK"),
    ("AU", -26, 134, 1557, ""),
    ("AW", 13, -70, 7, ""),
    ("AX", 60, 20, 14, ""),
    ("AZ", 40, 48, 161, "AM GE IR RU TR"),
    ("BA", 44, 18, 128, "HR ME RS"),
    ("BB", 13, -60, 11, ""),
    ("BD", 24, 90, 206, "IN MM"),
    ("BE", 51, 5, 99, "DE FR LU NL"),
    ("BF", 12, -2, 295, "BJ CI GH ML NE TG"),
    ("BG", 43, 25, 189, "GR MK RO RS TR"),
    ("BH", 26, 51, 13, ""),
    ("BI", -3, 30, 93, "CD RW TZ"),
    ("BJ", 10, 2, 193, "BF NE NG TG"),
    ("BL", 18, -63, 3, ""),
    ("BM", 32, -65, 5, ""),
    ("BN", 4, 115, 37, "MY"),
    ("BO", -17, -65, 589, "AR BR CL PE PY"),
    ("BR", -11, -53, 1640, "AR BO CO FR GY PE PY SR UY VE"),
    ("BS", 25, -78, 34, ""),
    ("BT", 27, 90, 113, "CN IN"),
    ("BW", -22, 24, 430, "NA ZA ZW"),
    ("BY", 54, 28, 257, "LT LV PL RU UA"),
    ("BZ", 17, -89, 85, "GT MX"),
    ("CA", 59, -99, 1606, "US"),
    ("CD", -3, 24, 862, "AO BI CF CG RW SS TZ UG ZM"),
    ("CF", 7, 20, 445, "CD CG CM SD SS TD"),
    ("CG", -1, 15, 332, "AO CD CF CM GA"),
    ("CH", 47, 8, 115, "AT DE FR IT LI"),
    ("CI", 8, -6, 320, "BF GH GN LR ML"),
    ("CK", -21, -160, 4, ""),
    ("CL", -34, -71, 458, "AR BO PE"),
    ("CM", 6, 13, 385, "CF CG GA GQ NG TD"),
    ("CN", 37, 103, 1724, "AF BT HK IN KG KP KZ LA MM MN MO NP PK RU TJ VN"),
    ("CO", 4, -73, 602, "BR EC PA PE VE"),
    ("CR", 10, -84, 128, "NI PA"),
    ("CU", 22, -79, 184, ""),
    ("CV", 15, -24, 17, ""),
    ("CW", 12, -69, 12, ""),
    ("CY", 35, 33, 43, ""),
    ("CZ", 50, 15, 158, "AT DE PL SK"),
    ("DE", 51, 10, 336, "AT BE CH CZ DK FR LU NL PL"),
    ("DJ", 12, 43, 83, "ER ET"),
    ("DK", 56, 9, 96, "DE SE"),
    ("DM", 15, -61, 15, ""),
    ("DO", 19, -71, 124, "HT"),
    ("DZ", 28, 3, 860, "EH LY MA ML MR NE TN"),
    ("EC", -1, -78, 281, "CO PE"),
    ("EE", 59, 26, 115, "LV RU"),
    ("EG", 26, 30, 565, "IL LY PS SD"),
    ("EH", 24, -12, 170, "DZ MA MR"),
    ("ER", 15, 39, 198, "DJ ET SD"),
    ("ES", 40, -4, 397, "AD FR PT"),
    ("ET", 9, 40, 600, "DJ ER KE SD SO SS"),
    ("FI", 64, 26, 324, "NO RU SE"),
    ("FJ", -18, 178, 59, ""),
    ("FK", -52, -59, 45, ""),
    ("FM", 7, 158, 10, ""),
    ("FO", 62, -7, 13, ""),
    ("FR", 47, 2, 413, "AD BE BR CH DE ES GB IT LU MC SR"),
    ("GA", -1, 12, 288, "CG CM GQ"),
    ("GB", 54, -2, 262, "FR IE"),
    ("GD", 12, -62, 10, ""),
    ("GE", 42, 44, 149, "AM AZ RU TR"),
    ("GG", 49, -3, 4, ""),
    ("GH", 8, -1, 276, "BF CI TG"),
    ("GL", 73, -42, 824, ""),
    ("GM", 13, -15, 57, "SN"),
    ("GN", 10, -11, 279, "CI GW LR ML SL SN"),
    ("GQ", 2, 10, 89, "CM GA"),
    ("GR", 39, 23, 185, "AL BG MK TR"),
    ("GS", -54, -37, 34, ""),
    ("GT", 16, -90, 186, "BZ HN MX SV"),
    ("GU", 13, 145, 12, ""),
    ("GW", 12, -15, 100, "GN SN"),
    ("GY", 5, -59, 260, "BR SR VE"),
    ("HK", 22, 114, 16, "CN"),
    ("HM", -53, 74, 12, ""),
    ("HN", 15, -87, 190, "GT NI SV"),
    ("HR", 45, 16, 128, "BA HU ME RS SI"),
    ("HT", 19, -73, 91, "DO"),
    ("HU", 47, 19, 172, "AT HR RO RS SI SK UA"),
    ("ID", 0, 114, 411, "MY PG TL"),
    ("IE", 53, -8, 148, "GB"),
    ("IL", 31, 35, 84, "EG JO LB PS SY"),
    ("IM", 54, -5, 13, ""),
    ("IN", 23, 80, 1001, "BD BT CN MM NP PK"),
    ("IO", -7, 72, 6, ""),
    ("IQ", 33, 44, 373, "IR JO KW SA SY TR"),
    ("IR", 33, 54, 718, "AF AM AZ IQ PK TM TR"),
    ("IS", 65, -19, 179, ""),
    ("IT", 43, 12, 282, "AT CH FR SI SM VA"),
    ("JE", 49, -2, 6, ""),
    ("JM", 18, -77, 59, ""),
    ("JO", 31, 37, 168, "IL IQ PS SA SY"),
    ("JP", 37, 138, 269, ""),
    ("KE", 1, 38, 435, "ET SO SS TZ UG"),
    ("KG", 41, 75, 251, "CN KZ TJ UZ"),
    ("KH", 13, 105, 240, "LA TH VN"),
    ("KI", 2, -157, 11, ""),
    ("KM", -12, 43, 18, ""),
    ("KN", 17, -63, 7, ""),
    ("KP", 40, 127, 197, "CN KR RU"),
    ("KR", 36, 128, 173, "KP"),
    ("KW", 29, 48, 73, "IQ SA"),
    ("KY", 19, -81, 8, ""),
    ("KZ", 48, 67, 929, "CN KG RU TM UZ"),
    ("LA", 18, 104, 270, "CN KH MM TH VN"),
    ("LB", 34, 36, 56, "IL SY"),
    ("LC", 14, -61, 13, ""),
    ("LI", 47, 10, 7, "AT CH"),
    ("LK", 8, 81, 145, ""),
    ("LR", 6, -9, 174, "CI GN SL"),
    ("LS", -30, 28, 98, "ZA"),
    ("LT", 55, 24, 143, "BY LV PL RU"),
    ("LU", 50, 6, 29, "BE DE FR"),
    ("LV", 57, 25, 143, "BY EE LT RU"),
    ("LY", 27, 18, 720, "DZ EG NE SD TD TN"),
    ("MA", 30, -9, 431, "DZ EH"),
    ("MC", 44, 7, 2, "FR"),
    ("MD", 47, 28, 103, "RO UA"),
    ("ME", 43, 19, 66, "AL BA HR RS XK"),
    ("MF", 18, -63, 4, "SX"),
    ("MG", -19, 47, 435, ""),
    ("MH", 7, 171, 5, ""),
    ("MK", 42, 22, 90, "AL BG GR RS XK"),
    ("ML", 17, -4, 633, "BF CI DZ GN MR NE SN"),
    ("MM", 21, 96, 458, "BD CN IN LA TH"),
    ("MN", 47, 103, 705, "CN RU"),
    ("MO", 22, 114, 3, "CN"),
    ("MP", 15, 146, 6, ""),
    ("MR", 20, -10, 575, "DZ EH ML SN"),
    ("MS", 17, -62, 5, ""),
    ("MT", 36, 14, 8, ""),
    ("MU", -20, 58, 24, ""),
    ("MV", 4, 74, 3, ""),
    ("MW", -13, 34, 195, "MZ TZ ZM"),
    ("MX", 24, -102, 789, "BZ GT US"),
    ("MY", 4, 115, 249, "BN ID SG TH"),
    ("MZ", -17, 36, 502, "MW SZ TZ ZA ZM ZW"),
    ("NA", -22, 17, 512, "AO BW ZA ZM"),
    ("NC", -21, 165, 72, ""),
    ("NE", 17, 9, 614, "BF BJ DZ LY ML NG TD"),
    ("NF", -29, 168, 4, ""),
    ("NG", 10, 8, 539, "BJ CM NE TD"),
    ("NI", 13, -85, 203, "CR HN"),
    ("NL", 52, 6, 106, "BE DE"),
    ("NO", 64, 12, 314, "FI RU SE"),
    ("NP", 28, 84, 216, "CN IN"),
    ("NR", -1, 167, 3, ""),
    ("NU", -19, -170, 8, ""),
    ("NZ", -44, 171, 218, ""),
    ("OM", 21, 56, 314, "AE SA YE"),
    ("PA", 9, -80, 153, "CO CR"),
    ("PE", -9, -74, 642, "BO BR CL CO EC"),
    ("PF", -18, -149, 18, ""),
    ("PG", -7, 144, 357, "ID"),
    ("PH", 16, 121, 183, ""),
    ("PK", 30, 69, 527, "AF CN IN IR"),
    ("PL", 52, 19, 315, "BY CZ DE LT RU SK UA"),
    ("PM", 47, -56, 7, ""),
    ("PN", -24, -128, 4, ""),
    ("PR", 18, -66, 53, ""),
    ("PS", 32, 35, 44, "EG IL JO"),
    ("PT", 40, -8, 167, "ES"),
    ("PW", 8, 135, 10, ""),
    ("PY", -23, -58, 357, "AR BO BR"),
    ("QA", 25, 51, 59, "SA"),
    ("RO", 46, 25, 274, "BG HU MD RS UA"),
    ("RS", 44, 21, 157, "BA BG HR HU ME MK RO XK"),
    ("RU", 66, 96, 2295, "AZ BY CN EE FI GE KP KZ LT LV MN NO PL UA"),
    ("RW", -2, 30, 90, "BI CD TZ UG"),
    ("SA", 24, 45, 783, "AE IQ JO KW OM QA YE"),
    ("SB", -10, 160, 41, ""),
    ("SC", -5, 55, 7, ""),
    ("SD", 16, 30, 770, "CF EG ER ET LY SS TD"),
    ("SE", 62, 16, 374, "DK FI NO"),
    ("SG", 1, 104, 12, "MY"),
    ("SH", -16, -6, 6, ""),
    ("SI", 46, 15, 80, "AT HR HU IT"),
    ("SK", 49, 19, 124, "AT CZ HU PL UA"),
    ("SL", 9, -12, 151, "GN LR"),
    ("SM", 44, 12, 5, "IT"),
    ("SN", 14, -14, 251, "GM GN GW ML MR"),
    ("SO", 5, 46, 388, "ET KE"),
    ("SR", 4, -56, 215, "BR FR GY"),
    ("SS", 7, 30, 446, "CD CF ET KE SD UG"),
    ("ST", 0, 7, 16, ""),
    ("SV", 14, -89, 81, "GT HN"),
    ("SX", 18, -63, 4, "MF"),
    ("SY", 35, 38, 243, "IL IQ JO LB TR"),
    ("SZ", -27, 31, 74, "MZ ZA"),
    ("TC", 22, -72, 6, ""),
    ("TD", 15, 19, 636, "CF CM LY NE NG SD"),
    ("TF", -49, 69, 46, ""),
    ("TG", 9, 1, 135, "BF BJ GH"),
    ("TH", 15, 101, 405, "KH LA MM MY"),
    ("TJ", 39, 71, 213, "AF CN KG UZ"),
    ("TL", -9, 126, 67, "ID"),
    ("TM", 39, 59, 387, "AF IR KZ UZ"),
    ("TN", 34, 10, 223, "DZ LY"),
    ("TO", -21, -175, 9, ""),
    ("TR", 39, 35, 491, "AM AZ BG GE GR IQ IR SY"),
    ("TT", 10, -61, 39, ""),
    ("TW", 24, 121, 107, ""),
    ("TZ", -6, 35, 548, "BI CD KE MW MZ RW UG ZM"),
    ("UA", 49, 31, 426, "BY HU MD PL RO RU SK"),
    ("UG", 1, 32, 278, "CD KE RW SS TZ"),
    ("US", 40, -99, 1588, "CA MX"),
    ("UY", -33, -56, 238, "AR BR"),
    ("UZ", 42, 63, 377, "AF KG KZ TJ TM"),
    ("VA", 42, 12, 0, "IT"),
    ("VC", 13, -61, 10, ""),
    ("VE", 7, -66, 539, "BR CO GY"),
    ("VG", 18, -65, 4, ""),
    ("VI", 18, -65, 8, ""),
    ("VN", 17, 106, 323, "CN KH LA"),
    ("VU", -15, 167, 36, ""),
    ("WF", -14, -178, 5, ""),
    ("WS", -14, -172, 23, ""),
    ("XK", 43, 21, 59, "AL ME MK RS"),
    ("YE", 16, 48, 379, "OM SA"),
    ("ZA", -29, 25, 624, "BW LS MZ NA SZ ZW"),
    ("ZM", -13, 28, 490, "AO CD MW MZ NA TZ ZW"),
    ("ZW", -19, 30, 352, "BW MZ ZA ZM"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_borders_are_mutual() {
        assert!(COUNTRIES.is_sorted_by(|one, next| one.0 < next.0));
        for (code, .., borders) in &COUNTRIES {
            assert!(code.parse::<Country>().is_ok(), "{code}");
            for other in borders.split(' ').filter(|other| !other.is_empty()) {
                let back = COUNTRIES
                    .iter()
                    .find(|row| row.0 == other)
                    .unwrap_or_else(|| panic!("{other}"));
                assert!(back.4.split(' ').any(|known| known == *code), "{code} {other}");
            }
        }
    }

    #[test]
    fn neighbours_are_near_and_continents_are_far() {
        let of = |one: &str, other: &str| between(one.parse().unwrap(), other.parse().unwrap());
        assert_eq!(of("FR", "FR"), Between::Same);
        for (one, other) in [("RU", "FI"), ("US", "MX"), ("SG", "MY"), ("XK", "RS")] {
            assert_eq!(of(one, other), Between::Border, "{one} {other}");
            assert_eq!(of(other, one), Between::Border, "{other} {one}");
        }
        for (one, other, least) in [("DE", "BR", 5_000), ("GB", "IN", 4_000), ("DE", "PT", 1_000)] {
            let Between::Kilometres(far) = of(one, other) else {
                panic!("{one} {other}");
            };
            assert!(far > least, "{one} {other}: {far}");
        }
    }
}
