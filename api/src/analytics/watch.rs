//! Events, as the detector of their organisation sees them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use entity::{Table, session};
use guard::{Asn, Door, Place, Timestamp};
use ids::{NodeId, OrganisationId, SessionId, StreamName};
use link::{Event, Kind, SessionEnd, SessionFacts};
use misuse::{Denial, Detector, Stay, Thresholds, What};
use sea_orm::{ColumnTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};

use super::Found;
use crate::state::State;

/// One for each organisation that was heard of.
#[derive(Debug, Default)]
pub(super) struct Detectors {
    of: HashMap<OrganisationId, Detector>,
    /// Sessions by the node that carries them.
    on: HashMap<NodeId, HashMap<SessionId, OrganisationId>>,
    /// When those who are gone were forgotten last.
    tidied: Timestamp,
}

impl Detectors {
    pub(super) fn know(&self, organisation: OrganisationId) -> bool {
        self.of.contains_key(&organisation)
    }

    pub(super) fn set(&mut self, organisation: OrganisationId, thresholds: Thresholds) {
        self.of.entry(organisation).or_default().set(thresholds);
    }

    /// Takes in an event; what is found by it is added. A name that is not among these is no stream's.
    pub(super) fn take(
        &mut self,
        Event { at, node, kind }: &Event,
        names: &HashSet<StreamName>,
        found: &mut Vec<Found>,
    ) {
        match kind {
            Kind::Started(facts) if facts.door == Door::Playback => {
                let sessions = self.on.entry(*node).or_default();
                sessions.insert(facts.session, facts.organisation);
                let what = What::Started(Arc::new(stay(facts, *node)));
                self.tell(facts.organisation, *at, what, found);
            }
            Kind::Beat {
                session,
                organisation,
                bytes,
                ..
            } => {
                let what = What::Beat {
                    session: *session,
                    bytes: *bytes,
                };
                self.tell(*organisation, *at, what, found);
            }
            Kind::Renewed {
                session,
                organisation,
                grant,
            } => {
                let what = What::Renewed {
                    session: *session,
                    jti: grant.jti.clone(),
                };
                self.tell(*organisation, *at, what, found);
            }
            Kind::Ended(SessionEnd {
                session, organisation, ..
            }) => {
                if let Some(sessions) = self.on.get_mut(node) {
                    sessions.remove(session);
                }
                self.tell(*organisation, *at, What::Ended { session: *session }, found);
            }
            Kind::Denied {
                organisation: Some(organisation),
                stream,
                door: Door::Playback,
                address,
                reason,
                visitor,
                ..
            } => {
                let denial = Denial {
                    stream: names.get(stream).cloned(),
                    address: *address,
                    jti: visitor.grant.as_ref().map(|grant| grant.jti.clone()),
                    reason: *reason,
                };
                self.tell(*organisation, *at, What::Denied(denial), found);
            }
            Kind::NodeLost => {
                for (session, organisation) in self.on.remove(node).unwrap_or_default() {
                    self.tell(organisation, *at, What::Ended { session }, found);
                }
            }
            _ => {}
        }
        if at.since(self.tidied) >= TIDY {
            self.tidied = *at;
            self.of.values_mut().for_each(|detector| detector.forget(*at));
        }
    }

    pub(super) fn tell(&mut self, organisation: OrganisationId, at: Timestamp, what: What, found: &mut Vec<Found>) {
        let mut findings = Vec::new();
        let detector = self.of.entry(organisation).or_default();
        detector.take(misuse::Event { at, what }, &mut findings);
        found.extend(findings.into_iter().map(|finding| Found { organisation, finding }));
    }
}

/// Whose event it is.
pub(super) fn organisation(event: &Event) -> Option<OrganisationId> {
    match &event.kind {
        Kind::Started(facts) => Some(facts.organisation),
        Kind::Beat { organisation, .. } | Kind::Ended(SessionEnd { organisation, .. }) => Some(*organisation),
        Kind::Denied { organisation, .. } => *organisation,
        _ => None,
    }
}

fn stay(facts: &SessionFacts, node: NodeId) -> Stay {
    Stay {
        session: facts.session,
        node,
        stream: facts.name.clone(),
        jti: facts.grant.as_ref().map(|grant| grant.jti.clone()),
        user: facts.grant.as_ref().and_then(|grant| grant.user.clone()),
        address: facts.address,
        place: facts.place,
        provider: facts.provider.clone(),
        referrer: facts.referrer.clone(),
    }
}

/// What began within the last hour, in order; all of it is over, for no node is there yet.
pub(super) async fn recent(state: &State) -> Result<Vec<(OrganisationId, misuse::Event)>, DbErr> {
    use session::Column;
    let since = state.now().minus(Duration::from_hours(1));
    // Ids begin with their time: the key of the table leads to the newest.
    let oldest = SessionId::mint(u64::try_from(since.ms()).unwrap_or(0), [0; 10]);
    let rows = session::Entity::across_tenants("the sessions of the last hour, for what is usual and what is not")
        .filter(Column::Id.gte(oldest.uuid()))
        .filter(Column::Door.eq(Door::Playback.as_str()))
        .order_by_desc(Column::Id)
        .limit(RECENT)
        .all(state.store.read())
        .await?;
    let mut events: Vec<_> = rows.iter().flat_map(both).collect();
    events.sort_by_key(|(_, event)| event.at);
    Ok(events)
}

/// A row's beginning and end.
fn both(row: &session::Model) -> Vec<(OrganisationId, misuse::Event)> {
    let text = |text: &Option<String>| text.as_deref().map(Arc::from);
    let (Ok(address), Ok(stream)) = (row.address.parse(), row.stream_name.parse()) else {
        return Vec::new();
    };
    let session = SessionId::from_uuid(row.id);
    let stay = Stay {
        session,
        node: NodeId::from_uuid(row.node_id),
        stream,
        jti: text(&row.jti),
        user: text(&row.viewer),
        address,
        place: Place {
            country: row.country.as_deref().and_then(|country| country.parse().ok()),
            asn: row.asn.and_then(|asn| u32::try_from(asn).ok()).map(Asn::new),
        },
        provider: text(&row.provider),
        referrer: text(&row.referrer),
    };
    let event = |us, what| misuse::Event {
        at: Timestamp::from_us(us),
        what,
    };
    let events = [
        event(row.started_at, What::Started(Arc::new(stay))),
        event(row.ended_at.unwrap_or(row.beat_at), What::Ended { session }),
    ];
    events
        .into_iter()
        .map(|event| (OrganisationId::from_uuid(row.organisation_id), event))
        .collect()
}

const TIDY: Duration = Duration::from_mins(1);
/// What is unusual needs no more.
const RECENT: u64 = 100_000;
