//! How a customer's tokens name their claims, where they do not name them as ours do.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::token::{Malformed, UNDERSTOOD};

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
            if !UNDERSTOOD.contains(&&**ours) {
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
        match self {
            Self::Ours => Ok(Cow::Borrowed(theirs)),
            // Its `sub` is a viewer, or the stream once more; never an organisation of ours.
            Self::AntMedia => rename(theirs, |name| match name {
                "streamId" => Some("streams".to_owned()),
                "type" => Some("aud".to_owned()),
                "sub" | "iss" | "aud" => None,
                other => Some(other.to_owned()),
            }),
            Self::Names(names) => rename(theirs, |name| {
                Some(names.get(name).map_or_else(|| name.to_owned(), ToString::to_string))
            }),
        }
        .map(|claims| self.translate_crit(claims))
    }

    fn translate_crit<'a>(&self, claims: Cow<'a, Map<String, Value>>) -> Cow<'a, Map<String, Value>> {
        let (Self::Names(names), Some(Value::Array(critical))) = (self, claims.get("crit")) else {
            return claims;
        };
        let ours = |name: &Value| {
            let mapped = name.as_str().and_then(|name| names.get(name));
            mapped.map_or_else(|| name.clone(), |ours| Value::from(&**ours))
        };
        let critical = critical.iter().map(ours).collect();
        let mut claims = claims.into_owned();
        claims.insert("crit".to_owned(), Value::Array(critical));
        Cow::Owned(claims)
    }
}

fn rename(
    theirs: &Map<String, Value>,
    name: impl Fn(&str) -> Option<String>,
) -> Result<Cow<'_, Map<String, Value>>, Malformed> {
    let mut ours = Map::new();
    for (theirs, value) in theirs {
        if let Some(name) = name(theirs)
            && ours.insert(name, value.clone()).is_some()
        {
            return Err(Malformed::Twice);
        }
    }
    Ok(Cow::Owned(ours))
}
