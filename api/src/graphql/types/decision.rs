//! Why a request was refused, or would be: the decision with its steps.

use async_graphql::{Context, Enum, ID, InputObject, Result, SimpleObject};
use authz::Action;
use chrono::{DateTime, Utc};
use entity::denial;
use guard::Step;
use ids::DecisionId;

use super::{
    Moment, Part,
    page::{connection, wanted},
    session::{self, DenyReason, Door, Protocol},
};
use crate::{
    fault::Fault,
    graphql::{caller, state},
    live::record,
    service::decisions::{self, Explained, Imagined, Refusals},
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
    /// Who was refused; none of what only might be.
    visitor: Option<Visitor>,
}

/// Somebody who was refused, as far as it is known who that is. What tokens say counts where they were proven.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Visitor {
    /// In which country the address is (ISO 3166-1 alpha-2), where it is known.
    country: Option<String>,
    /// In which network (AS number) that is, where it is known.
    asn: Option<i64>,
    /// Who runs that network, where it is known.
    provider: Option<String>,
    /// The viewer that the token names; hidden from `nanoReadOnly`.
    user: Option<String>,
    /// The token's label.
    tag: Option<String>,
    /// The token's id; hidden from `nanoReadOnly`.
    jti: Option<ID>,
    /// The player's name for itself.
    user_agent: Option<String>,
    /// The host of the page it came from.
    referrer: Option<String>,
}

connection!(
    /// Refusals.
    RefusalConnection,
    RefusalEdge,
    Decision
);

/// Which refusals.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct RefusalFilter {
    /// Of what asked for the stream of this name.
    stream: Option<String>,
    /// Which way.
    door: Option<Door>,
    /// For this reason.
    reason: Option<DenyReason>,
    /// Of this viewer, by a token that was proven.
    user: Option<String>,
    /// With this token, proven.
    jti: Option<ID>,
    /// From this address.
    ip: Option<String>,
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

impl From<RefusalFilter> for Refusals {
    fn from(filter: RefusalFilter) -> Self {
        Self {
            stream: filter.stream,
            door: filter.door.map(Into::into),
            reason: filter.reason.map(Into::into),
            user: filter.user,
            jti: filter.jti.map(|jti| jti.0),
            address: filter.ip.as_deref().map(session::address_text),
        }
    }
}

/// The page of the caller's organisation's refusals.
pub(crate) async fn refusals(
    context: &Context<'_>,
    filter: RefusalFilter,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<RefusalConnection> {
    let state = state(context);
    let acting = caller(context).may(state, Action::Explain)?;
    let page = decisions::refusals(state, acting.id, filter.into(), wanted(context, first, after)?).await?;
    let key = |row: &denial::Model| DecisionId::from_uuid(row.id).to_string();
    Ok(Part::of(page, key, Decision::of_row).into())
}

impl Visitor {
    /// Whoever was refused. `personal`: whether users may be seen.
    pub(crate) fn of(visitor: &link::Visitor, personal: bool) -> Self {
        let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        let grant = visitor.grant.as_ref();
        let named = grant.filter(|_| personal);
        Self {
            country: visitor.place.country.map(|country| country.to_string()),
            asn: visitor.place.asn.map(|asn| asn.number().into()),
            provider: text(&visitor.provider),
            user: named.and_then(|grant| text(&grant.user)),
            tag: grant.and_then(|grant| text(&grant.tag)),
            jti: named.map(|grant| ID::from(&*grant.jti)),
            user_agent: text(&visitor.user_agent),
            referrer: text(&visitor.referrer),
        }
    }
}

impl Decision {
    /// What the columns of a file of refusals are called.
    pub(crate) const HEADING: [&'static str; 16] = [
        "id",
        "at",
        "stream",
        "door",
        "protocol",
        "address",
        "reason",
        "because",
        "country",
        "asn",
        "provider",
        "user",
        "tag",
        "jti",
        "user_agent",
        "referrer",
    ];

    /// A refusal as a line of a file; `because` is what its last step says.
    pub(crate) fn cells(row: denial::Model) -> [String; 16] {
        let steps: Vec<Step> = serde_json::from_value(row.trace).unwrap_or_default();
        [
            DecisionId::from_uuid(row.id).to_string(),
            super::written(super::moment(row.created_at)),
            row.stream_name,
            row.door,
            row.protocol,
            row.address,
            row.reason,
            steps.last().map(|step| step.because.clone()).unwrap_or_default(),
            row.country.unwrap_or_default(),
            row.asn.map(|asn| asn.to_string()).unwrap_or_default(),
            row.provider.unwrap_or_default(),
            row.viewer.unwrap_or_default(),
            row.tag.unwrap_or_default(),
            row.jti.unwrap_or_default(),
            row.user_agent.unwrap_or_default(),
            row.referrer.unwrap_or_default(),
        ]
    }

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
            visitor: Some(Visitor {
                country: row.country,
                asn: row.asn,
                provider: row.provider,
                user: row.viewer,
                tag: row.tag,
                jti: row.jti.map(ID::from),
                user_agent: row.user_agent,
                referrer: row.referrer,
            }),
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
            visitor: None,
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
