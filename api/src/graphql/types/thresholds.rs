//! From when on something is a sign of misuse: each organisation's own.

use async_graphql::{InputObject, SimpleObject};
use misuse::Thresholds;

use crate::{analytics::findings::ThresholdsEdit, fault::Fault};

/// From when on something is a sign of misuse.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub(crate) struct MisuseThresholds {
    /// Addresses of one token within ten minutes, outside one /24, /64 or network.
    addresses: i32,
    /// Countries of one token within an hour.
    countries: i32,
    /// Sessions at once on a viewer's token.
    sessions: i32,
    /// Hours of playback without a pause.
    hours: i32,
    /// Sessions of one token or address that began within ten minutes.
    reconnects: i32,
    /// Connections at once from one address.
    connections: i32,
    /// Refusals of one token or address within five minutes.
    denials: i32,
}

/// From when on something is to be a sign of misuse; what is left out stays. 1 to 10000 each; `addresses` to 256,
/// `countries` to 100.
#[derive(Clone, Copy, Debug, Default, InputObject)]
pub(crate) struct MisuseThresholdsInput {
    /// Addresses of one token within ten minutes, outside one /24, /64 or network.
    addresses: Option<i64>,
    /// Countries of one token within an hour.
    countries: Option<i64>,
    /// Sessions at once on a viewer's token.
    sessions: Option<i64>,
    /// Hours of playback without a pause.
    hours: Option<i64>,
    /// Sessions of one token or address that began within ten minutes.
    reconnects: Option<i64>,
    /// Connections at once from one address.
    connections: Option<i64>,
    /// Refusals of one token or address within five minutes.
    denials: Option<i64>,
}

impl MisuseThresholds {
    pub(crate) fn of(thresholds: &Thresholds) -> Self {
        let number = |number| i32::try_from(number).unwrap_or(i32::MAX);
        Self {
            addresses: number(thresholds.addresses),
            countries: number(thresholds.countries),
            sessions: number(thresholds.sessions),
            hours: number(thresholds.hours),
            reconnects: number(thresholds.reconnects),
            connections: number(thresholds.connections),
            denials: number(thresholds.denials),
        }
    }
}

impl MisuseThresholdsInput {
    /// What is to be different, as numbers that may be.
    pub(crate) fn read(self) -> Result<ThresholdsEdit, Fault> {
        let number = |field: &str, said: Option<i64>, most: u32| match said {
            None => Ok(None),
            Some(number) => u32::try_from(number)
                .ok()
                .filter(|number| (1..=most).contains(number))
                .map(Some)
                .ok_or_else(|| {
                    let message = format!("this threshold is 1 to {most}");
                    Fault::field(field, "INVALID", message).inside("misuseThresholds")
                }),
        };
        let most = Thresholds::MOST;
        Ok(ThresholdsEdit {
            addresses: number("addresses", self.addresses, most.addresses)?,
            countries: number("countries", self.countries, most.countries)?,
            sessions: number("sessions", self.sessions, most.sessions)?,
            hours: number("hours", self.hours, most.hours)?,
            reconnects: number("reconnects", self.reconnects, most.reconnects)?,
            connections: number("connections", self.connections, most.connections)?,
            denials: number("denials", self.denials, most.denials)?,
        })
    }
}
