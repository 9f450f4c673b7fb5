//! Guardian rules as a file: CSV, or a list in JSON. What is written is read back the same.

use chrono::{DateTime, SecondsFormat};
use entity::guardian_rule;
use guard::{
    Timestamp,
    rules::{Doors, Kind, Mode},
};
use serde_json::{Map, Value};

use super::rules::{Gist, New, named};
use crate::{csv, fault::UserError};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Json,
}

/// The columns of CSV, and the fields of JSON. Stream and group are named, for a file may go to another installation.
pub(crate) const FIELDS: [&str; 9] = [
    "kind",
    "value",
    "action",
    "mode",
    "door",
    "stream",
    "group",
    "expiresAt",
    "note",
];

/// Where in an input a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// A line of CSV, from 1.
    Line(usize),
    /// A line of JSON, from 1.
    Text(usize),
    /// An item of a list in JSON, from 0.
    Item(usize),
    /// An item of a list of inputs, from 0.
    Input(usize),
}

/// What is wrong with a rule, and in which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) place: Place,
    pub(crate) field: Option<String>,
    pub(crate) message: String,
}

impl Format {
    /// The name, which is the ending of a file too.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// The rules of a text, and what is wrong with others.
    pub(crate) fn read(self, text: &str) -> (Vec<(Place, New)>, Vec<Mistake>) {
        let (entries, mut mistakes) = match self {
            Self::Csv => lines(text),
            Self::Json => items(text),
        };
        let mut rules = Vec::new();
        for entry in entries {
            match entry.rule() {
                Ok(rule) => rules.push((entry.place, rule)),
                Err((field, message)) => mistakes.push(entry.place.wrong(Some(field), message)),
            }
        }
        mistakes.sort_by_key(|mistake| mistake.place);
        (rules, mistakes)
    }
}

impl Place {
    /// A mistake here.
    pub(crate) fn wrong(self, field: Option<&str>, message: impl Into<String>) -> Mistake {
        Mistake {
            place: self,
            field: field.map(str::to_owned),
            message: message.into(),
        }
    }
}

/// What a caller is told: the line or item, and the field, both in the path and in the sentence.
impl From<Mistake> for UserError {
    fn from(mistake: Mistake) -> Self {
        let (input, number, name) = match mistake.place {
            Place::Line(line) => ("csv", Some(line), format!("line {line}")),
            Place::Text(line) => ("json", None, format!("line {line}")),
            Place::Item(item) => ("json", Some(item), format!("rule {}", item.saturating_add(1))),
            Place::Input(item) => ("rules", Some(item), format!("rule {}", item.saturating_add(1))),
        };
        let field = mistake.field;
        let what = field.as_ref().map(|field| format!(", {field}")).unwrap_or_default();
        let number = number.map(|number| number.to_string());
        let path = [Some("input".to_owned()), Some(input.to_owned()), number, field];
        Self {
            code: "INVALID".to_owned(),
            message: format!("{name}{what}: {}", mistake.message),
            field: Some(path.into_iter().flatten().collect()),
        }
    }
}

/// A rule as a file says it; what is left out is empty.
struct Entry {
    place: Place,
    texts: [String; FIELDS.len()],
}

type Read = (Vec<Entry>, Vec<Mistake>);

impl Entry {
    /// The rule, or in which field it is none.
    fn rule(&self) -> Result<New, (&'static str, String)> {
        let [kind, value, action, mode, door, stream, group, expires, note] =
            self.texts.each_ref().map(|text| text.trim());
        let word = kind.to_ascii_uppercase();
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == word);
        let kind = kind.ok_or(("kind", "one of IP, ASN, COUNTRY, REFERRER, USER_AGENT".to_owned()))?;
        let optional = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let expires = match optional(expires) {
            None => None,
            Some(text) => {
                let at = DateTime::parse_from_rfc3339(&text)
                    .map_err(|_| ("expiresAt", "no moment as in 2027-01-31T00:00:00Z".to_owned()))?;
                Some(Timestamp::from_us(at.timestamp_micros()))
            }
        };
        Ok(New {
            gist: Gist {
                kind,
                value: value.to_owned(),
                action: word_of(action, None).ok_or(("action", "ALLOW or DENY".to_owned()))?,
                doors: word_of(door, Some(Doors::Playback)).ok_or(("door", "PLAYBACK, INGEST or BOTH".to_owned()))?,
                stream: optional(stream),
                group: optional(group),
            },
            mode: word_of(mode, Some(Mode::Enforce)).ok_or(("mode", "ENFORCE or MONITOR".to_owned()))?,
            note: optional(note),
            expires,
        })
    }
}

/// A word, whatever its case; what an empty one stands for.
fn word_of<T: serde::de::DeserializeOwned>(text: &str, empty: Option<T>) -> Option<T> {
    if text.is_empty() {
        return empty;
    }
    named(&text.to_ascii_uppercase())
}

fn lines(text: &str) -> Read {
    let records = match csv::read(text) {
        Ok(records) => records,
        Err(csv::Unclosed(line)) => {
            return (
                vec![],
                vec![Place::Line(line).wrong(None, "a quote begins here and does not end")],
            );
        }
    };
    let mut records = records.into_iter();
    let Some(heading) = records.next() else {
        return (vec![], vec![Place::Line(1).wrong(None, "there is nothing in it")]);
    };
    let mut mistakes = Vec::new();
    let mut columns = Vec::new();
    for name in &heading.cells {
        let column = FIELDS.iter().position(|field| field.eq_ignore_ascii_case(name.trim()));
        match column {
            Some(column) if columns.contains(&column) => {
                mistakes.push(Place::Line(heading.line).wrong(Some(FIELDS[column]), "the column is there twice"));
            }
            Some(column) => columns.push(column),
            None => {
                let name: String = name.trim().chars().take(40).collect();
                let message = format!("`{name}` is no column: there are {}", FIELDS.join(", "));
                mistakes.push(Place::Line(heading.line).wrong(None, message));
            }
        }
    }
    for (column, field) in FIELDS.iter().enumerate().take(NEEDED) {
        if mistakes.is_empty() && !columns.contains(&column) {
            mistakes.push(Place::Line(heading.line).wrong(Some(field), "the column is missing"));
        }
    }
    if !mistakes.is_empty() {
        return (vec![], mistakes);
    }
    let mut entries = Vec::new();
    for record in records {
        let place = Place::Line(record.line);
        let surplus = record
            .cells
            .iter()
            .skip(columns.len())
            .any(|cell| !cell.trim().is_empty());
        if surplus {
            mistakes.push(place.wrong(None, "has more cells than the first line"));
            continue;
        }
        let mut texts: [String; FIELDS.len()] = Default::default();
        for (column, cell) in columns.iter().zip(record.cells) {
            texts[*column] = cell;
        }
        entries.push(Entry { place, texts });
    }
    (entries, mistakes)
}

fn items(text: &str) -> Read {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let list = match serde_json::from_str::<Vec<Value>>(text) {
        Ok(list) => list,
        Err(error) => {
            let mistake = Place::Text(error.line()).wrong(None, "no list of rules in JSON");
            return (vec![], vec![mistake]);
        }
    };
    let (mut entries, mut mistakes) = (Vec::new(), Vec::new());
    for (number, item) in list.into_iter().enumerate() {
        let place = Place::Item(number);
        match item {
            Value::Object(fields) => match texts(fields) {
                Ok(texts) => entries.push(Entry { place, texts }),
                Err((field, message)) => mistakes.push(place.wrong(Some(&field), message)),
            },
            _ => mistakes.push(place.wrong(None, "is no object")),
        }
    }
    (entries, mistakes)
}

fn texts(fields: Map<String, Value>) -> Result<[String; FIELDS.len()], (String, String)> {
    let mut texts: [String; FIELDS.len()] = Default::default();
    for (name, value) in fields {
        let Some(column) = FIELDS.iter().position(|field| *field == name) else {
            let name = name.chars().take(40).collect();
            return Err((name, format!("there is no such field, but {}", FIELDS.join(", "))));
        };
        texts[column] = match value {
            Value::Null => String::new(),
            Value::String(text) => text,
            // The number of a network.
            Value::Number(number) => number.to_string(),
            _ => return Err((name, "is no text".to_owned())),
        };
    }
    Ok(texts)
}

/// A rule as it is written: the texts of [`FIELDS`], by the names of its stream and its group.
pub(crate) fn texts_of(
    row: &guardian_rule::Model,
    stream: Option<&str>,
    group: Option<&str>,
) -> [Option<String>; FIELDS.len()] {
    let expires = row.expires_at.and_then(DateTime::from_timestamp_micros);
    [
        Some(row.kind.clone()),
        Some(row.value.clone()),
        Some(row.action.clone()),
        Some(row.mode.clone()),
        Some(row.door.clone()),
        stream.map(str::to_owned),
        group.map(str::to_owned),
        expires.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        row.note.clone(),
    ]
}

/// How many of the fields there must be.
const NEEDED: usize = 3;

#[cfg(test)]
mod tests {
    use super::{Format, Mistake};
    use crate::fault::UserError;

    fn told(format: Format, text: &str) -> Vec<String> {
        let (_, mistakes) = format.read(text);
        mistakes
            .into_iter()
            .map(|mistake: Mistake| UserError::from(mistake).message)
            .collect()
    }

    #[test]
    fn what_is_left_out_is_as_when_a_rule_is_made() {
        let csv = "Kind;VALUE;action\nip;192.0.2.0/24;deny\n\nUSER_AGENT;'=x*;Allow\n";
        let json = r#"[{"kind":"IP","value":"192.0.2.0/24","action":"DENY"},{"kind":"USER_AGENT","value":"=x*","action":"ALLOW","note":null}]"#;
        for (format, text) in [(Format::Csv, csv), (Format::Json, json)] {
            let (rules, mistakes) = format.read(text);
            assert_eq!(mistakes, []);
            assert_eq!(rules.len(), 2);
            let (_, second) = &rules[1];
            assert_eq!(second.gist.value, "=x*");
            assert_eq!(second.note, None);
            assert_eq!(second.mode, guard::rules::Mode::Enforce);
            assert_eq!(second.gist.doors, guard::rules::Doors::Playback);
        }
        let (rules, _) = Format::Json.read(r#"[{"kind":"ASN","value":64500,"action":"DENY"}]"#);
        assert_eq!(rules[0].1.gist.value, "64500");
    }

    #[test]
    fn every_mistake_names_its_line_and_field() {
        let csv = "kind,value,action,mode,door,expiresAt\nIPS,1,DENY\nIP,1,KEEP\nIP,1,DENY,OFF\nIP,1,DENY,,ROOF\n\nIP,1,DENY,,,soon\nIP,1,DENY,,,,x\n";
        assert_eq!(
            told(Format::Csv, csv),
            [
                "line 2, kind: one of IP, ASN, COUNTRY, REFERRER, USER_AGENT",
                "line 3, action: ALLOW or DENY",
                "line 4, mode: ENFORCE or MONITOR",
                "line 5, door: PLAYBACK, INGEST or BOTH",
                "line 7, expiresAt: no moment as in 2027-01-31T00:00:00Z",
                "line 8: has more cells than the first line",
            ]
        );
        for (text, why) in [
            ("", "line 1: there is nothing in it"),
            ("kind,value\nIP,1", "line 1, action: the column is missing"),
            ("kind,kind,value,action", "line 1, kind: the column is there twice"),
            (
                "kind,value,action\nIP,\"1",
                "line 2: a quote begins here and does not end",
            ),
        ] {
            assert_eq!(told(Format::Csv, text), [why]);
        }
        assert!(told(Format::Csv, "kind,value,action,colour")[0].starts_with("line 1: `colour` is no column"));
        for (text, why) in [
            ("{}", "line 1: no list of rules in JSON"),
            ("[1]", "rule 1: is no object"),
            (
                r#"[{"kind":"IP","value":"1","action":"DENY"},{"kind":"IP","value":["1"]}]"#,
                "rule 2, value: is no text",
            ),
            (r#"[{"kind":"IP","value":"1"}]"#, "rule 1, action: ALLOW or DENY"),
        ] {
            assert_eq!(told(Format::Json, text), [why]);
        }
        assert!(told(Format::Json, r#"[{"colour":"x"}]"#)[0].starts_with("rule 1, colour: there is no such field"));
    }
}
