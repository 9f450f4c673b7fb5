//! Why a request was refused, or would be: the decision with its steps.

use async_graphql::{Enum, ID, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use entity::denial;
use guard::Step;
use ids::DecisionId;

use super::{
    Moment,
    session::{self, DenyReason, Door, Protocol},
};
use crate::{
    fault::Fault,
    live::record,
    service::decisions::{Explained, Imagined},
};

/// What came, or would come, of a request.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Decision {
    /// Its id, as whoever was refused was told; none of what only might be.
    id: Option<ID>,
    /// The moment that it is about.
    at: DateTime<Utc>,
    /// The stream's name.
    stream: String,
    /// Which way.
    door: Door,
    /// By which protocol; none of what only might be.
    protocol: Option<Protocol>,
    /// From where.
    address: String,
    /// Whether it may pass.
    admitted: bool,
    /// Why not, where it may not.
    reason: Option<DenyReason>,
    /// Until when it may; no end where there is none.
    until: Option<DateTime<Utc>>,
    /// What was looked at, in order, up to what refused.
    steps: Vec<DecisionStep>,
}

/// One thing that a decision looked at.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct DecisionStep {
    /// Which check.
    check: String,
    /// What it looked at.
    looked_at: String,
    /// What came out.
    outcome: StepOutcome,
    /// Why.
    because: String,
}

/// What came out of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum StepOutcome {
    /// Nothing against it.
    Passed,
    /// The end of it.
    Failed,
    /// Taken to pass: only a real request asks the customer's backend.
    Assumed,
}

/// A request as somebody imagines it.
#[derive(InputObject)]
pub(crate) struct ExplainInput {
    /// The stream's name.
    stream: String,
    /// Which way.
    #[graphql(default_with = "Door::Playback")]
    door: Door,
    /// The token that is shown; any credential that may come in its place too.
    token: Option<String>,
    /// The ingest key that is shown, where there is no token.
    key: Option<String>,
    /// From where.
    ip: String,
    /// The header `Origin`.
    origin: Option<String>,
    /// The header `Referer`.
    referer: Option<String>,
    /// What the player or encoder calls itself.
    user_agent: Option<String>,
    /// Whether nobody on the way can read it.
    #[graphql(default = true)]
    encrypted: bool,
    /// When; now unless said. What is revoked, counted or live is as it is now.
    at: Option<Moment>,
}

impl ExplainInput {
    /// What of it is said again in the answer.
    pub(crate) fn shown(&self) -> (String, Door, String) {
        (self.stream.clone(), self.door, self.ip.clone())
    }

    /// What is imagined.
    pub(crate) fn imagined(self) -> Result<Imagined, Fault> {
        Ok(Imagined {
            stream: self.stream,
            door: self.door.into(),
            token: self.token,
            key: self.key,
            address: self.ip,
            origin: self.origin,
            referer: self.referer,
            user_agent: self.user_agent,
            encrypted: self.encrypted,
            at: self.at.map(Moment::read).transpose()?,
        })
    }
}

impl Decision {
    /// A refusal that was.
    pub(crate) fn of_row(row: denial::Model) -> Self {
        let steps: Vec<Step> = serde_json::from_value(row.trace).unwrap_or_default();
        Self {
            id: Some(DecisionId::from_uuid(row.id).to_string().into()),
            at: super::moment(row.created_at),
            stream: row.stream_name,
            door: record::door_of(&row.door).into(),
            protocol: Some(session::protocol(&row.protocol)),
            address: row.address,
            admitted: false,
            reason: session::reason(&row.reason),
            until: None,
            steps: steps.into_iter().map(|step| DecisionStep::of(step, false)).collect(),
        }
    }

    /// What would come of a request for that stream, from there.
    pub(crate) fn of_imagined(stream: String, door: Door, address: String, explained: Explained) -> Self {
        let (admitted, reason, until) = match explained.decision {
            guard::Decision::Admit(permit) => (true, None, permit.until()),
            guard::Decision::Deny(denial) => (false, Some(denial.reason.into()), None),
            // INVARIANT: what is asked was answered.
            guard::Decision::Ask(_) => (false, None, None),
        };
        Self {
            id: None,
            at: super::moment(explained.at.us()),
            stream,
            door,
            protocol: None,
            address,
            admitted,
            reason,
            until: until
                .filter(|until| until.us() < FOR_EVER)
                .map(|until| super::moment(until.us())),
            steps: explained
                .steps
                .into_iter()
                .map(|step| DecisionStep::of(step, true))
                .collect(),
        }
    }
}

impl DecisionStep {
    fn of(step: Step, imagined: bool) -> Self {
        if imagined && step.check == "backend" {
            return Self {
                check: step.check.into_owned(),
                looked_at: "the customer's backend".to_owned(),
                outcome: StepOutcome::Assumed,
                because: "an explanation asks nobody; a request would".to_owned(),
            };
        }
        Self {
            check: step.check.into_owned(),
            looked_at: step.looked_at,
            outcome: match step.outcome {
                guard::StepOutcome::Passed => StepOutcome::Passed,
                guard::StepOutcome::Failed => StepOutcome::Failed,
            },
            because: step.because,
        }
    }
}

/// The year 9000: what ends later has no end.
const FOR_EVER: i64 = 221_845_392_000_000_000;
