//! A moment that a caller names.
//!
//! What is no moment is told only when the moment is read, behind the judgement of the role: who may not do something
//! learns nothing more from a mistake in how they asked.

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, Utc};
use guard::Timestamp;

use crate::fault::Fault;

/// What a caller wrote where a moment belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(Option<DateTime<Utc>>);

#[Scalar(name = "DateTime")]
impl ScalarType for Moment {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(match &value {
            Value::String(text) => text.parse().ok(),
            _ => None,
        }))
    }

    fn to_value(&self) -> Value {
        self.0.map_or(Value::Null, |at| Value::String(at.to_rfc3339()))
    }
}

impl Moment {
    /// The moment.
    pub(crate) fn read(self) -> Result<Timestamp, Fault> {
        let at = self
            .0
            .ok_or(Fault::Invalid("a moment is written as in 2027-01-31T00:00:00Z"))?;
        Ok(Timestamp::from_us(at.timestamp_micros()))
    }
}
