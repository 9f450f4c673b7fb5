//! What an organisation lets happen by itself about whom misuse is found in.

use std::collections::BTreeMap;

use entity::organisation;
use misuse::Indicator;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fault::Fault;

/// What happens by itself, and how far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Automatic {
    /// What of; nothing happens of what is not there.
    pub(crate) ways: BTreeMap<Indicator, Way>,
    /// For how long somebody is kept out.
    pub(crate) length_s: i64,
    /// How many are kept out within an hour; the rest is suggested.
    pub(crate) per_hour: u32,
}

/// What happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    /// It is suggested.
    Suggest,
    /// It is applied.
    Apply,
}

/// What is to be different; what is left out stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edit {
    /// Of what something is suggested by itself.
    pub(crate) suggest: Option<Vec<Indicator>>,
    /// Of what something is applied by itself.
    pub(crate) apply: Option<Vec<Indicator>>,
    pub(crate) length_s: Option<i64>,
    pub(crate) per_hour: Option<i64>,
}

impl Default for Automatic {
    /// Nothing happens by itself.
    fn default() -> Self {
        Self {
            ways: BTreeMap::new(),
            length_s: LENGTH_S,
            per_hour: PER_HOUR,
        }
    }
}

impl Automatic {
    /// An organisation's.
    pub(crate) fn of(row: &organisation::Model) -> Self {
        let said = row.responses.clone();
        said.and_then(|said| serde_json::from_value(said).ok())
            .unwrap_or_default()
    }

    /// The indicators of which that happens.
    pub(crate) fn of_way(&self, way: Way) -> Vec<Indicator> {
        let its = self.ways.iter().filter(|(_, its)| **its == way);
        its.map(|(indicator, _)| *indicator).collect()
    }

    /// What the audit log says of them.
    pub(crate) fn told(&self) -> Value {
        json!({ "ways": self.ways, "lengthSeconds": self.length_s, "perHour": self.per_hour })
    }

    /// These, changed. What is applied is not suggested besides.
    pub(crate) fn changed(mut self, edit: &Edit) -> Result<Self, Fault> {
        let said = |said: &Option<Vec<Indicator>>, way| said.clone().unwrap_or_else(|| self.of_way(way));
        let (suggest, apply) = (said(&edit.suggest, Way::Suggest), said(&edit.apply, Way::Apply));
        let all = |indicators: Vec<Indicator>, way| indicators.into_iter().map(move |indicator| (indicator, way));
        self.ways = all(suggest, Way::Suggest).chain(all(apply, Way::Apply)).collect();
        if let Some(length_s) = edit.length_s {
            self.length_s = length("responses", length_s)?;
        }
        if let Some(per_hour) = edit.per_hour {
            let fits = u32::try_from(per_hour)
                .ok()
                .filter(|many| (1..=MOST_PER_HOUR).contains(many));
            let why = || Fault::field("responses", "INVALID", format!("1 to {MOST_PER_HOUR} an hour"));
            self.per_hour = fits.ok_or_else(why)?;
        }
        Ok(self)
    }
}

/// For how long somebody may be kept out.
pub(super) fn length(field: &str, seconds: i64) -> Result<i64, Fault> {
    let why = || Fault::field(field, "INVALID", "60 seconds to 30 days");
    (60..=MOST_S).contains(&seconds).then_some(seconds).ok_or_else(why)
}

/// For how long, unless said.
pub(crate) const LENGTH_S: i64 = 3_600;
const MOST_S: i64 = 30 * 24 * 3_600;
const PER_HOUR: u32 = 20;
const MOST_PER_HOUR: u32 = 1_000;
