//! Packages: what the platform operators enabled, with which limits, and how much of them is used.

use async_graphql::{Enum, InputObject, SimpleObject};
use chrono::{DateTime, Utc};

use super::moment;
use crate::{
    fault::Fault,
    live::Counters,
    service::packages::{self, LimitName as Name, Limits, Standing},
};

/// A package, and how it stands for the organisation.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct PackageStatus {
    /// Which.
    package: Package,
    /// Whether the platform operator enabled it.
    enabled: bool,
    /// When the organisation asked for it, where that was not answered.
    requested_at: Option<DateTime<Utc>>,
    /// When the platform operators declined it; none where it was asked for again, or enabled.
    declined_at: Option<DateTime<Utc>>,
    /// Why, in their words.
    declined_because: Option<String>,
    /// What it may be limited in.
    limits: Vec<PackageLimit>,
}

/// A limit that comes with a package.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct PackageLimit {
    /// Of what.
    name: LimitName,
    /// How much there may be; none where it is not limited.
    limit: Option<i32>,
    /// How much there is; none where nothing is counted.
    used: Option<f64>,
}

/// A capability that the platform operator enables for an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "guard::policy::Package")]
pub(crate) enum Package {
    /// Without it nothing is ingested.
    Live,
    /// Without it playback is open, and tokens cannot be made.
    Secure,
    /// Rules that act.
    Guardian,
    /// Views of what was watched and by whom, and signs of misuse; without it, counters of the last hour only.
    Analytics,
    /// The customer's own hooks.
    Webhooks,
    /// Segments encrypted with rotating keys.
    Encryption,
    /// Streams that are kept.
    Recording,
}

/// What a package may be limited in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum LimitName {
    /// Streams that are not deleted.
    Streams,
    /// Viewers at once.
    Viewers,
    /// Megabits a second, going out.
    BandwidthMbitS,
    /// Guardian rules.
    Rules,
    /// Days for which something is kept.
    RetentionDays,
}

/// The limits of a package; what is left out is not limited.
#[derive(Clone, Copy, Debug, Default, InputObject)]
pub(crate) struct PackageLimitsInput {
    /// Streams that are not deleted.
    streams: Option<i64>,
    /// Viewers at once.
    viewers: Option<i64>,
    /// Megabits a second, going out.
    bandwidth_mbit_s: Option<i64>,
    /// Guardian rules.
    rules: Option<i64>,
    /// Days for which something is kept.
    retention_days: Option<i64>,
}

impl PackageStatus {
    /// Every package of the catalogue; `streams` are those that are not deleted, `rules` those of Guardian, `live` is what
    /// is on now.
    pub(crate) fn all(standings: &[Standing], streams: u64, rules: u64, live: &Counters) -> Vec<Self> {
        let used = |name: Name| match name {
            Name::Streams => Some(super::float(streams)),
            Name::Viewers => Some(f64::from(live.viewers)),
            Name::Bandwidth => Some(live.bytes_per_second * BITS / MEGA),
            Name::Rules => Some(super::float(rules)),
            Name::Retention => None,
        };
        let limits = |standing: &Standing| {
            let catalogue = packages::CATALOGUE
                .iter()
                .find(|(package, _)| *package == standing.package);
            let names = catalogue.map_or(&[][..], |(_, names)| names);
            names
                .iter()
                .map(|name| PackageLimit {
                    name: (*name).into(),
                    limit: standing
                        .limits
                        .get(name)
                        .map(|limit| i32::try_from(*limit).unwrap_or(i32::MAX)),
                    used: used(*name),
                })
                .collect()
        };
        standings
            .iter()
            .map(|standing| Self {
                package: standing.package.into(),
                enabled: standing.enabled,
                requested_at: standing.requested_at.map(moment),
                declined_at: standing.refusal.as_ref().map(|refusal| moment(refusal.at)),
                declined_because: standing.refusal.as_ref().map(|refusal| refusal.reason.clone()),
                limits: limits(standing),
            })
            .collect()
    }
}

impl From<Name> for LimitName {
    fn from(name: Name) -> Self {
        match name {
            Name::Streams => Self::Streams,
            Name::Viewers => Self::Viewers,
            Name::Bandwidth => Self::BandwidthMbitS,
            Name::Rules => Self::Rules,
            Name::Retention => Self::RetentionDays,
        }
    }
}

impl PackageLimitsInput {
    /// The limits that are said.
    pub(crate) fn limits(self) -> Result<Limits, Fault> {
        let said = [
            (Name::Streams, self.streams),
            (Name::Viewers, self.viewers),
            (Name::Bandwidth, self.bandwidth_mbit_s),
            (Name::Rules, self.rules),
            (Name::Retention, self.retention_days),
        ];
        let number = |(name, limit): (Name, Option<i64>)| {
            limit.map(|limit| {
                let limit =
                    u32::try_from(limit).map_err(|_| Fault::field("limits", "INVALID", "a limit is 0 or more"))?;
                Ok((name, limit))
            })
        };
        said.into_iter().filter_map(number).collect()
    }
}

const BITS: f64 = 8.0;
const MEGA: f64 = 1e6;
