//! Why: of a refusal that was, by its id; and of a request that might be, by the same decision.

use std::net::IpAddr;

use entity::{Tenanted, denial, token_address, token_use};
use guard::{
    Binding, Credential, Decision, Door, Facts, IngestKeyDigest, Policy, Presence, Question, Reason, Request, Step,
    Timestamp, Use, Verdict, signature,
};
use ids::{DecisionId, OrganisationId, StreamId};
use sea_orm::{ColumnTrait, ConnectionTrait, Order, PaginatorTrait, QueryFilter};

use super::{
    page::{Page, Wanted},
    reading::bound_in,
    streams,
};
use crate::{
    fault::Fault,
    people::Acting,
    publisher::{
        about::About,
        policy::{self, Extent},
    },
    state::State,
};

/// A request as somebody imagines it.
pub(crate) struct Imagined {
    pub(crate) stream: String,
    pub(crate) door: Door,
    pub(crate) token: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) address: String,
    pub(crate) origin: Option<String>,
    pub(crate) referer: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) encrypted: bool,
    pub(crate) at: Option<Timestamp>,
}

/// Which refusals are looked for.
#[derive(Clone)]
pub(crate) struct Refusals {
    pub(crate) stream: Option<String>,
    pub(crate) door: Option<Door>,
    pub(crate) reason: Option<Reason>,
    pub(crate) user: Option<String>,
    pub(crate) jti: Option<String>,
    pub(crate) address: Option<String>,
}

impl Refusals {
    /// Whether databases can compare its texts.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        self.texts()
            .into_iter()
            .try_for_each(|(field, _, text)| bound_in(field, text))
    }

    /// What each column is to be, and what that is called.
    fn texts(&self) -> [(&'static str, denial::Column, Option<&str>); 6] {
        use denial::Column;
        [
            ("stream", Column::StreamName, self.stream.as_deref()),
            ("door", Column::Door, self.door.map(Door::as_str)),
            ("reason", Column::Reason, self.reason.map(Reason::as_str)),
            ("user", Column::Viewer, self.user.as_deref()),
            ("jti", Column::Jti, self.jti.as_deref()),
            ("ip", Column::Address, self.address.as_deref()),
        ]
    }
}

/// What would come of it.
pub(crate) struct Explained {
    pub(crate) decision: Decision,
    pub(crate) steps: Vec<Step>,
    pub(crate) at: Timestamp,
}

/// The refusal of that id in the organisation.
pub(crate) async fn refusal(state: &State, organisation: OrganisationId, id: &str) -> Result<denial::Model, Fault> {
    let id: DecisionId = id.parse().map_err(|_| Fault::NotFound)?;
    denial::Entity::in_tenant(organisation)
        .filter(denial::Column::Id.eq(id.uuid()))
        .one(state.store.read())
        .await?
        .ok_or(Fault::NotFound)
}

/// A page of an organisation's refusals, the newest first.
pub(crate) async fn refusals(
    state: &State,
    organisation: OrganisationId,
    which: Refusals,
    wanted: Wanted,
) -> Result<Page<denial::Model>, Fault> {
    which.check()?;
    let mut select = denial::Entity::in_tenant(organisation);
    for (_, column, text) in which.texts() {
        if let Some(text) = text {
            select = select.filter(column.eq(text));
        }
    }
    let key = |key: &str| key.parse::<DecisionId>().ok().map(|id| id.uuid().into());
    wanted
        .of(state.store.read(), select, denial::Column::Id, Order::Desc, key)
        .await
}

/// Whether a request would pass, and why. Nothing is counted or bound for it, and no backend is asked.
pub(crate) async fn explain(state: &State, acting: &Acting, imagined: Imagined) -> Result<Explained, Fault> {
    let row = streams::by_name(state.store.read(), acting.id, &imagined.stream).await?;
    let address: IpAddr = imagined
        .address
        .trim()
        .parse()
        .map_err(|_| Fault::Invalid("`ip` is no address"))?;
    let address = guard::fold(address);
    let at = imagined.at.unwrap_or_else(|| state.now());
    let request = Request {
        place: state.places.of(address),
        referrer: guard::referrer(imagined.origin.as_deref(), imagined.referer.as_deref()),
        agent: imagined.user_agent.as_deref().map(Into::into),
        encrypted: imagined.encrypted,
        ..Request::new(imagined.door, row.name.parse().ok(), address, credential(&imagined))
    };
    let stream = StreamId::from_uuid(row.id);
    let about = About {
        organisation: acting.id,
        stream,
        request: &request,
    };
    // It holds a connection from the first statement to the last: not many at once.
    let _turn = state.analytics.turn(acting.id).await?;
    let moment = state.store.moment().await?;
    let updates = policy::read(state, &moment, Extent::About(about)).await?;
    // Rules on pages and players are all among them, and may be many.
    let policy = tokio::task::spawn_blocking(move || Policy::from_updates(updates))
        .await
        .map_err(|error| Fault::bug(&error))?;
    let live = state.live.is_live(stream);
    let counters = state.live.counters(acting.id, None);
    let facts = Facts {
        publisher: if live { Presence::Present } else { Presence::Absent },
        viewers: counters.viewers,
        bandwidth_bit_s: bits(counters.bytes_per_second),
        ..Facts::default()
    };
    let explained = settle(state, &moment, acting.id, request, facts, &policy, at).await?;
    moment.rollback().await?;
    Ok(explained)
}

fn credential(imagined: &Imagined) -> Credential {
    match (&imagined.token, &imagined.key) {
        (Some(token), _) => Credential::from_token(token),
        (None, Some(key)) => Credential::Key(IngestKeyDigest::of(key)),
        (None, None) => Credential::Missing,
    }
}

async fn settle(
    state: &State,
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    mut request: Request,
    mut facts: Facts,
    policy: &Policy,
    at: Timestamp,
) -> Result<Explained, Fault> {
    loop {
        let (decision, steps) = guard::explain(&request, &facts, policy, at);
        let Decision::Ask(question) = decision else {
            return Ok(Explained { decision, steps, at });
        };
        match question {
            Question::Signature { token, key } => request.proofs.add(signature::check(&token, &key)),
            Question::Sessions { whose } => facts.sessions = Some(state.live.count(organisation, &whose)),
            Question::Backend { .. } => facts.backend = Some(Verdict::Allowed { until: None }),
            Question::Binding { jti, address, most, .. } => {
                let bound = token_address::Entity::in_tenant(organisation)
                    .filter(token_address::Column::Jti.eq(&*jti))
                    .all(connection)
                    .await?;
                let address = address.to_string();
                let fits = bound.iter().any(|row| row.address == address)
                    || u32::try_from(bound.len()).is_ok_and(|bound| bound < most);
                facts.binding = Some(if fits { Binding::Bound } else { Binding::Elsewhere });
            }
            Question::Use { jti, most, .. } => {
                let used = token_use::Entity::in_tenant(organisation)
                    .filter(token_use::Column::Jti.eq(&*jti))
                    .count(connection)
                    .await?;
                facts.uses = Some(if used < u64::from(most) {
                    Use::Reserved
                } else {
                    Use::Exhausted
                });
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate for a limit; saturates"
)]
fn bits(bytes_per_second: f64) -> u64 {
    (bytes_per_second * 8.0) as u64
}
