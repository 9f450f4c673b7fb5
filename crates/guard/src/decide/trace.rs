//! The explanation. Enforcement passes one that keeps nothing and costs nothing.

use std::{borrow::Cow, fmt::Display};

use serde::{Deserialize, Serialize};

use super::Stop;
use crate::{Denial, Reason};

/// One step of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which check.
    pub check: Cow<'static, str>,
    /// What it looked at.
    pub looked_at: String,
    /// What came out.
    pub outcome: StepOutcome,
    /// Why.
    pub because: String,
}

impl Step {
    /// What refused once the decision was made, as when the stream ended meanwhile.
    pub fn afterwards(denial: &Denial) -> Self {
        Self {
            check: Cow::Borrowed("afterwards"),
            looked_at: "what was known once it was decided".to_owned(),
            outcome: StepOutcome::Failed,
            because: printable(denial.to_string()),
        }
    }
}

/// What came out of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepOutcome {
    /// Nothing against it.
    Passed,
    /// The end of it.
    Failed,
}

pub(super) trait Trace {
    fn note(&mut self, check: &'static str, denial: Option<&Denial>, looked_at: impl FnOnce() -> String);

    /// Passes, or stops with `reason`.
    fn check(
        &mut self,
        check: &'static str,
        reason: Option<Reason>,
        looked_at: impl FnOnce() -> String,
    ) -> Result<(), Stop> {
        self.deny(check, reason.map(Denial::from), looked_at)
    }

    /// Passes, or stops with a denial that says more.
    fn deny(
        &mut self,
        check: &'static str,
        denial: Option<Denial>,
        looked_at: impl FnOnce() -> String,
    ) -> Result<(), Stop> {
        self.note(check, denial.as_ref(), looked_at);
        denial.map_or(Ok(()), |denial| Err(Stop::Deny(denial)))
    }
}

/// What there is, or that there is none, in words.
pub(super) fn shown(what: Option<impl Display>) -> String {
    what.map_or_else(|| "none".to_owned(), |what| what.to_string())
}

/// What a claim allows, in words.
pub(super) fn allowed<T: Display>(claim: Option<&[T]>) -> String {
    claim.map_or_else(
        || "any".to_owned(),
        |all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    )
}

/// Keeps nothing.
pub(super) struct Silent;

impl Trace for Silent {
    fn note(&mut self, _: &'static str, _: Option<&Denial>, _: impl FnOnce() -> String) {}
}

/// Keeps every step.
#[derive(Default)]
pub(super) struct Steps(Vec<Step>);

impl Steps {
    pub(super) fn into_vec(self) -> Vec<Step> {
        self.0
    }
}

impl Trace for Steps {
    fn note(&mut self, check: &'static str, denial: Option<&Denial>, looked_at: impl FnOnce() -> String) {
        self.0.push(Step {
            check: Cow::Borrowed(check),
            looked_at: printable(looked_at()),
            outcome: if denial.is_some() {
                StepOutcome::Failed
            } else {
                StepOutcome::Passed
            },
            because: denial.map_or_else(
                || "nothing against it".to_owned(),
                |denial| printable(denial.to_string()),
            ),
        });
    }
}

/// The text, whose control characters are written out: a stranger's token may say anything, which is shown to people, and
/// kept where not every character can be.
fn printable(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    let shown = |letter: char| {
        if letter.is_control() {
            letter.escape_default().collect()
        } else {
            letter.to_string()
        }
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_says_is_kept_in_letters_that_can_be_shown() {
        let mut steps = Steps::default();
        steps.note("key", None, || "kid a\0b\n\u{1b}[31m ö".to_owned());
        assert_eq!(steps.into_vec()[0].looked_at, "kid a\\u{0}b\\n\\u{1b}[31m ö");
    }
}
