//! How a customer's tokens name their claims, where they do not name them as ours do.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::token::{JUDGED, Malformed, NOT_JUDGED};

/// The names of a key's claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// Our own.
    #[default]
    Ours,
    /// Ant Media's: `streamId`, `type` (`play` or `publish`), `exp`.
    AntMedia,
    /// A customer's: their name → ours. Names that are not in the map mean what they mean here.
    Names(BTreeMap<Arc<str>, Arc<str>>),
}

/// Why a map of names is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialectError {
    /// What it leads to is none of our claims.
    #[error("`{0}` is not a claim of ours")]
    Unknown(String),
    /// Two lead to the same.
    #[error("two names lead to `{0}`")]
    Twice(String),
    /// No name.
    #[error("a claim's name is empty")]
    Empty,
}

impl Dialect {
    /// A map of names, each of which leads to another claim of ours.
    pub fn names(names: BTreeMap<Arc<str>, Arc<str>>) -> Result<Self, DialectError> {
        if names.keys().any(|theirs| theirs.is_empty()) {
            return Err(DialectError::Empty);
        }
        let mut seen: Vec<&str> = Vec::new();
        for ours in names.values() {
            if !JUDGED.iter().chain(NOT_JUDGED).any(|known| **known == **ours) {
                return Err(DialectError::Unknown(ours.to_string()));
            }
            if seen.contains(&&**ours) {
                return Err(DialectError::Twice(ours.to_string()));
            }
            seen.push(ours);
        }
        Ok(Self::Names(names))
    }

    /// The claims under our names. A claim that comes twice, by both of its names, is nothing.
    pub(crate) fn translate<'a>(
        &self,
        theirs: &'a Map<String, Value>,
    ) -> Result<Cow<'a, Map<String, Value>>, Malformed> {
        if matches!(self, Self::Ours) {
            return Ok(Cow::Borrowed(theirs));
        }
        let mut ours = Map::new();
        for (theirs, value) in theirs {
            if let Some(name) = self.ours(theirs)
                && ours.insert(name.to_owned(), value.clone()).is_some()
            {
                return Err(Malformed::Twice);
            }
        }
        if let Some(critical) = ours.get_mut("crit") {
            self.translate_crit(critical)?;
        }
        Ok(Cow::Owned(ours))
    }

    /// What we call the claim that they call so; none for one that is left out.
    fn ours<'a>(&'a self, theirs: &'a str) -> Option<&'a str> {
        match (self, theirs) {
            (Self::Ours, name) => Some(name),
            (Self::AntMedia, "streamId") => Some("streams"),
            (Self::AntMedia, "type") => Some("aud"),
            // Its `sub` is a viewer, or the stream once more; never an organisation of ours.
            (Self::AntMedia, "sub" | "iss" | "aud") => None,
            (Self::AntMedia, other) => Some(other),
            (Self::Names(names), name) => Some(names.get(name).map_or(name, |ours| &**ours)),
        }
    }

    /// The names in `crit`, one or a list. What is left out is not understood.
    fn translate_crit(&self, critical: &mut Value) -> Result<(), Malformed> {
        let names = match critical {
            Value::Array(names) => names.as_mut_slice(),
            one => std::slice::from_mut(one),
        };
        for name in names {
            let Some(theirs) = name.as_str() else { continue };
            *name = Value::from(self.ours(theirs).ok_or(Malformed::CriticalClaim)?);
        }
        Ok(())
    }
}
