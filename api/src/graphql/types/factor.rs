//! Second factors: what a person has, and what is asked of them.

use async_graphql::{ID, Json, SimpleObject};
use chrono::{DateTime, Utc};
use entity::passkey;
use ids::PasskeyId;

use super::{count, moment};
use crate::{
    people::factor::{Challenge, Factors, passkeys::Begun},
    state::State,
};

/// What a person has beside the password.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct SecondFactor {
    /// Whether an authenticator app is set up.
    totp: bool,
    /// The passkeys, the oldest first.
    passkeys: Vec<Passkey>,
    /// How many recovery codes were not used yet.
    recovery_codes_left: i32,
    /// The only site whose pages can make and use passkeys, as in `https://live.example.com`; none where the installation has
    /// no name that they could be bound to.
    passkey_origin: Option<String>,
}

/// A passkey; its private half never leaves its device.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Passkey {
    /// Its id.
    id: ID,
    /// What its owner calls it.
    name: String,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When somebody signed in with it last.
    last_used_at: Option<DateTime<Utc>>,
}

/// The password was right, and a second factor is wanted: which ways there are.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct SignInChallenge {
    /// A code of the authenticator app.
    totp: bool,
    /// One of the recovery codes.
    recovery_code: bool,
    /// A passkey.
    passkey: Option<Ceremony>,
}

/// Something that the browser goes on with, and that is to be finished within five minutes.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Ceremony {
    /// What `navigator.credentials` wants, as `WebAuthn` writes it in JSON.
    options: Json<serde_json::Value>,
    /// To be given back with what the browser makes of it.
    state: String,
}

impl SecondFactor {
    pub(crate) fn of(state: &State, factors: Factors) -> Self {
        Self {
            totp: factors.totp.is_some(),
            passkeys: factors.passkeys.into_iter().map(Passkey::of).collect(),
            recovery_codes_left: count(factors.codes_left),
            passkey_origin: state.relying_party.origin().map(str::to_owned),
        }
    }
}

impl Passkey {
    pub(crate) fn of(row: passkey::Model) -> Self {
        Self {
            id: PasskeyId::from_uuid(row.id).to_string().into(),
            name: row.name,
            created_at: moment(row.created_at),
            last_used_at: row.used_at.map(moment),
        }
    }
}

impl From<Challenge> for SignInChallenge {
    fn from(challenge: Challenge) -> Self {
        Self {
            totp: challenge.totp,
            recovery_code: challenge.recovery_code,
            passkey: challenge.passkey.map(Ceremony::from),
        }
    }
}

impl From<Begun> for Ceremony {
    fn from(begun: Begun) -> Self {
        Self {
            options: Json(begun.options),
            state: begun.state,
        }
    }
}
