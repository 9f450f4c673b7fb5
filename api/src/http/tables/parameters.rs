//! The parameters of a file: called as GraphQL calls them, read by its types.

use std::collections::BTreeMap;

use async_graphql::{InputType, Name, Value};
use axum::{extract::Query, http::Uri};
use guard::Timestamp;
use serde_json::json;

use crate::{
    fault::Fault,
    graphql::types::{Moment, TimeRange},
    service::exports::Part,
};

/// What the address of a file says.
pub(in crate::http) struct Parameters {
    given: BTreeMap<String, String>,
    /// Names that were read.
    read: Vec<&'static str>,
}

impl Parameters {
    /// Of a request; each comes once.
    pub(in crate::http) fn of(uri: &Uri) -> Result<Self, Fault> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Fault::Invalid("the parameters cannot be read"))?;
        let mut given = BTreeMap::new();
        for (name, value) in pairs {
            if given.insert(name, value).is_some() {
                return Err(Fault::Invalid("a parameter comes twice"));
            }
        }
        Ok(Self {
            given,
            read: vec![ORGANISATION],
        })
    }

    /// In which organisation it is asked: a link cannot carry a header.
    pub(in crate::http) fn organisation(&self) -> Option<String> {
        self.given.get(ORGANISATION).cloned()
    }

    /// One of them.
    pub(in crate::http) fn one<T: InputType>(&mut self, name: &'static str) -> Result<Option<T>, Fault> {
        self.read.push(name);
        let Some(value) = self.given.get(name) else {
            return Ok(None);
        };
        T::parse(Some(literal(name, value)))
            .map(Some)
            .map_err(|_| unreadable(name))
    }

    /// One without which there is nothing to say; `why` says what it is for.
    pub(in crate::http) fn needed<T: InputType>(&mut self, name: &'static str, why: &'static str) -> Result<T, Fault> {
        self.one(name)?.ok_or_else(|| Fault::field(name, "REQUIRED", why))
    }

    /// An input object, each of whose fields is a parameter.
    pub(in crate::http) fn fields<T: InputType>(&mut self, names: &[&'static str]) -> Result<T, Fault> {
        let mut all = async_graphql::indexmap::IndexMap::new();
        for name in names {
            self.read.push(name);
            let Some(value) = self.given.get(*name) else { continue };
            let field = (Name::new(name), literal(name, value));
            T::parse(Some(Value::Object([field.clone()].into_iter().collect()))).map_err(|_| unreadable(name))?;
            all.extend([field]);
        }
        T::parse(Some(Value::Object(all))).map_err(|_| Fault::Invalid("the filter cannot be read"))
    }

    /// The time; it begins somewhere.
    pub(in crate::http) fn range(&mut self) -> Result<TimeRange, Fault> {
        if !self.given.contains_key("from") {
            return Err(Fault::field(
                "from",
                "REQUIRED",
                "`from` says from when on, as in 2027-01-31T00:00:00Z",
            ));
        }
        let names = ["from", "to"];
        self.read.extend(names);
        let fields = names.into_iter().filter_map(|name| {
            let value = self.given.get(name)?;
            Some((Name::new(name), Value::from(value.as_str())))
        });
        TimeRange::parse(Some(Value::Object(fields.collect()))).map_err(|_| unreadable("from"))
    }

    /// The time, open at both ends.
    pub(in crate::http) fn times(&mut self) -> Result<(Option<Timestamp>, Option<Timestamp>), Fault> {
        let from = self.one::<Moment>("from")?.map(Moment::read).transpose()?;
        let to = self.one::<Moment>("to")?.map(Moment::read).transpose()?;
        Ok((from, to))
    }

    /// Refuses what nothing reads.
    pub(in crate::http) fn end(&self) -> Result<(), Fault> {
        let is_read = |name: &String| self.read.contains(&name.as_str());
        match self.given.keys().find(|name| !is_read(name)) {
            None => Ok(()),
            Some(name) => Err(Fault::field(
                name,
                "UNKNOWN",
                format!("there is no parameter `{name}` here"),
            )),
        }
    }

    /// The part of a table that they name, for records; refuses what nothing reads.
    pub(super) fn part(&self, table: &'static str) -> Result<Part, Fault> {
        self.end()?;
        Ok(Part {
            table,
            detail: self.detail(),
            whom: self.whom(),
        })
    }

    /// For records: all but what names a person.
    fn detail(&self) -> serde_json::Value {
        let kept = self
            .given
            .iter()
            .filter(|(name, _)| *name != ORGANISATION && !PERSONAL.contains(&name.as_str()));
        kept.map(|(name, value)| (name.clone(), json!(value))).collect()
    }

    /// For records: whom it was narrowed to. An address is not kept: it would outlive those of the sessions.
    fn whom(&self) -> Option<String> {
        let address = self.given.get("ip").map(|_| "an address".to_owned());
        let tag = self.given.get("tag").map(|tag| format!("tag {tag}"));
        // Last: whoever is erased is looked for at the end.
        let user = self.given.get("user").map(|user| format!("user {user}"));
        let all: Vec<_> = address.into_iter().chain(tag).chain(user).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

/// As a client of GraphQL would write it.
fn literal(name: &str, value: &str) -> Value {
    match (name, value) {
        ("asn", number) => number.parse::<i64>().map_or_else(|_| value.into(), Value::from),
        ("live" | "notes" | "viewers", "true") => true.into(),
        ("live" | "notes" | "viewers", "false") => false.into(),
        _ => value.into(),
    }
}

fn unreadable(name: &str) -> Fault {
    Fault::field(name, "INVALID", format!("`{name}` has no such value"))
}

const ORGANISATION: &str = "organisation";
const PERSONAL: [&str; 3] = ["user", "tag", "ip"];
