//! Values: by what they are of, by country, and over time.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use guard::Timestamp;

use crate::analytics::series;

/// How long a step of a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum Interval {
    /// A minute.
    Minute,
    /// Five minutes.
    FiveMinutes,
    /// An hour.
    Hour,
    /// A day, in UTC.
    Day,
}

/// A value, and how much of it there is.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub(crate) struct Bucket {
    /// The value; empty where it is not known.
    pub(crate) name: String,
    /// How much.
    pub(crate) value: f64,
}

/// A value over time.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Series {
    /// What it is of; empty where nothing was taken apart, or it is not known.
    name: String,
    /// Steps in order; those without anything are left out.
    points: Vec<Point>,
}

/// A step of a series.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub(crate) struct Point {
    /// When it begins.
    at: DateTime<Utc>,
    /// How much there was.
    value: f64,
}

/// How much there is of a country.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct CountryValue {
    /// Its code (ISO 3166-1 alpha-2); empty where it is not known.
    country: String,
    /// How much.
    value: f64,
}

impl Interval {
    pub(super) fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::FiveMinutes => 300,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }
}

impl Bucket {
    pub(crate) fn of((name, value): (String, f64)) -> Self {
        Self { name, value }
    }
}

impl CountryValue {
    /// What the columns of a file are called.
    pub(crate) const HEADING: [&'static str; 2] = ["country", "sessions"];

    /// A line of a file.
    pub(crate) fn cells(&self) -> [String; 2] {
        [self.country.clone(), self.value.to_string()]
    }

    pub(super) fn of((country, value): (String, f64)) -> Self {
        Self { country, value }
    }
}

impl Series {
    /// What the columns of a file are called.
    pub(crate) const HEADING: [&'static str; 3] = ["name", "at", "value"];

    /// Its steps as lines of a file.
    pub(crate) fn cells(&self) -> impl Iterator<Item = [String; 3]> {
        let point = move |point: &Point| [self.name.clone(), super::written(point.at), point.value.to_string()];
        self.points.iter().map(point)
    }

    pub(super) fn of(series: series::Series) -> Self {
        let point = |(at, value): (Timestamp, f64)| Point {
            at: super::moment(at.us()),
            value,
        };
        Self {
            name: series.name,
            points: series.points.into_iter().map(point).collect(),
        }
    }
}
