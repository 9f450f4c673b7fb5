//! Every way in, for every way to carry a credential and everything that it can demand, met and broken; and everything that
//! ends who was let in.

mod admission;
mod broadcast;
mod broadcasters;
mod causes;
mod cells;
mod viewers;

pub(crate) use causes::{date, signed};
use serde_json::{Value, json};

use crate::stage::{Home, Person, Server, places};

/// What each reason of a viewer is at an HTTP door and at a WebSocket.
const CODES: [(&str, u16, u16); 32] = [
    ("TOKEN_MISSING", 401, 4401),
    ("TOKEN_MALFORMED", 403, 4410),
    ("TOKEN_KEY", 403, 4411),
    ("TOKEN_SIGNATURE", 403, 4412),
    ("TOKEN_AUDIENCE", 403, 4413),
    ("TOKEN_NOT_YET_VALID", 403, 4414),
    ("TOKEN_EXPIRED", 403, 4415),
    ("TOKEN_REVOKED", 403, 4416),
    ("TOKEN_USED", 403, 4417),
    ("TOKEN_USER_BANNED", 403, 4418),
    ("TOKEN_SCOPE", 403, 4420),
    ("TOKEN_IP", 403, 4421),
    ("TOKEN_DOMAIN", 403, 4422),
    ("TOKEN_COUNTRY", 403, 4423),
    ("TOKEN_ASN", 403, 4424),
    ("TOKEN_USER_AGENT", 403, 4425),
    ("TOKEN_BOUND", 403, 4426),
    ("TOKEN_MFA", 403, 4427),
    ("GUARDIAN_IP", 403, 4430),
    ("GUARDIAN_ASN", 403, 4431),
    ("GUARDIAN_COUNTRY", 403, 4432),
    ("GUARDIAN_REFERRER", 403, 4433),
    ("GUARDIAN_USER_AGENT", 403, 4434),
    ("SESSION_LIMIT", 429, 4440),
    ("VIEWER_LIMIT", 429, 4441),
    ("STREAM_UNKNOWN", 404, 4404),
    ("STREAM_OFFLINE", 404, 4405),
    ("STREAM_LOCKED", 403, 4461),
    ("SESSION_ENDED", 403, 4460),
    ("ORGANISATION_SUSPENDED", 403, 4470),
    ("PACKAGE_REQUIRED", 403, 4471),
    ("BACKEND_DENIED", 403, 4450),
];

/// The status and the close code of a reason.
pub(crate) fn codes(reason: &str) -> (u16, u16) {
    let found = CODES.iter().find(|(known, ..)| *known == reason);
    let (_, status, code) = found.unwrap_or_else(|| panic!("{reason} has no codes here"));
    (*status, *code)
}

/// A demo where the addresses of [`HERE`] are in one country and network, and those of [`ELSEWHERE`] in others.
async fn placed(home: &Home) -> Server {
    let (country, asn) = (home.path("country.mmdb"), home.path("asn.mmdb"));
    let (here, elsewhere) = (format!("{HERE}.0.0/16"), format!("{ELSEWHERE}.0.0/16"));
    let code = |code: &str| json!({ "country": { "iso_code": code } });
    places(&country, &[(&here, code("DE")), (&elsewhere, code("FR"))]);
    let number = |number: u32| json!({ "autonomous_system_number": number });
    places(&asn, &[(&here, number(64500)), (&elsewhere, number(64501))]);
    let toml = format!(
        "[geoip]\ncountry_file = \"{}\"\nasn_file = \"{}\"\n",
        country.display(),
        asn.display()
    );
    home.demo_with(&toml).await
}

/// A token and its handle.
#[derive(Clone, Debug)]
struct Pair {
    token: String,
    handle: String,
}

impl Pair {
    fn of(made: &Value) -> Self {
        let text = |field: &str| made[field].as_str().expect("a text").to_owned();
        Self {
            token: text("token"),
            handle: text("handle"),
        }
    }

    /// For viewers.
    async fn play(person: &Person, mut claims: Value) -> Self {
        claims["handle"] = true.into();
        Self::of(&person.change("createPlaybackToken", &claims, "token handle").await)
    }

    /// For broadcasters.
    async fn publish(person: &Person, mut claims: Value) -> Self {
        claims["handle"] = true.into();
        Self::of(&person.change("createPublishToken", &claims, "token handle").await)
    }
}

/// The same token with another signature.
pub(crate) fn forged(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').expect("a token");
    let first = if signature.starts_with('A') { "B" } else { "A" };
    format!("{signed}.{first}{}", &signature[1..])
}

/// Where most come from.
const HERE: &str = "127.16";
/// Another country, another network.
const ELSEWHERE: &str = "127.32";
