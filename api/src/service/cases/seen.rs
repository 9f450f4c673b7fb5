//! What sessions say of what is to be put into a case: how many there were, since when, which are the newest, and what a
//! network scores by whom watched from it.
//!
//! That may take long where there are many, so it is read before the change begins. What the sessions themselves say, whose
//! addresses and viewers may be forgotten at any moment, is read within the change, by their ids.

use std::{
    collections::{BTreeSet, HashMap},
    net::Ipv4Addr,
};

use entity::{Tenanted, finding, session, session_token};
use guard::Door;
use ids::OrganisationId;
use ipnet::IpNet;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use uuid::Uuid;

use crate::analytics::{
    findings::{ADDRESS, TOKEN, USER},
    source::Source,
};

/// Of what: as columns have its kind, and its name.
pub(super) type Subject = (&'static str, String);

/// Sessions of one thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) many: i64,
    /// When the first of them began.
    pub(super) first: Option<i64>,
    /// The newest first.
    pub(super) newest: Vec<Uuid>,
    /// Of a network, what the one of its addresses scores that scores most.
    pub(super) score: i32,
}

/// Sessions of each of these.
pub(super) async fn of(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    subjects: BTreeSet<Subject>,
) -> Result<HashMap<Subject, Seen>, DbErr> {
    use session::Column;
    let mut all = HashMap::new();
    for subject in subjects {
        let Some(theirs) = theirs(organisation, &subject) else {
            continue;
        };
        let is_network = subject.0 == ADDRESS && subject.1.contains('/');
        let score = if is_network {
            most(connection, organisation, theirs.clone()).await?
        } else {
            0
        };
        let select = session::Entity::in_tenant(organisation).filter(theirs).select_only();
        let sums: Option<(i64, Option<i64>)> = select
            .clone()
            .column_as(Column::Id.count(), "many")
            .column_as(Column::StartedAt.min(), "first")
            .into_tuple()
            .one(connection)
            .await?;
        let newest = select
            .column(Column::Id)
            .order_by_desc(Column::Id)
            .limit(EACH)
            .into_tuple()
            .all(connection)
            .await?;
        let (many, first) = sums.unwrap_or_default();
        let seen = Seen {
            many,
            first,
            newest,
            score,
        };
        all.insert(subject, seen);
    }
    Ok(all)
}

/// Of the addresses of these viewers' sessions, what the one scores that scores most: a row of the views has no other score.
async fn most(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    theirs: Condition,
) -> Result<i32, DbErr> {
    use finding::Column;
    let addresses = session::Entity::in_tenant(organisation)
        .filter(theirs)
        .filter(session::Column::Door.eq(Door::Playback.as_str()))
        .select_only()
        .column(session::Column::AddressBlock)
        .into_query();
    let rows: Vec<(String, i32)> = finding::Entity::in_tenant(organisation)
        .filter(Column::Kind.eq(ADDRESS))
        .filter(Column::Subject.in_subquery(addresses))
        .select_only()
        .column(Column::Subject)
        .column_as(Column::Points.max(), "most")
        .group_by(Column::Subject)
        .group_by(Column::Indicator)
        .into_tuple()
        .all(connection)
        .await?;
    let mut scores: HashMap<String, i32> = HashMap::new();
    for (address, points) in rows {
        let score = scores.entry(address).or_default();
        *score = score.saturating_add(points).min(100);
    }
    Ok(scores.into_values().max().unwrap_or_default())
}

/// The sessions of one thing.
fn theirs(organisation: OrganisationId, (kind, name): &Subject) -> Option<Condition> {
    use session::Column;
    let name = name.as_str();
    match *kind {
        TOKEN => {
            let earlier = session_token::Entity::in_tenant(organisation)
                .select_only()
                .column(session_token::Column::SessionId)
                .filter(session_token::Column::Jti.eq(name))
                .into_query();
            let theirs = Condition::any().add(Column::Jti.eq(name));
            Some(theirs.add(Column::Id.in_subquery(earlier)))
        }
        USER => Some(Condition::all().add(Column::Viewer.eq(name))),
        ADDRESS => Some(from(&Source::parse(name)?)),
        _ => None,
    }
}

/// The sessions from there.
fn from(source: &Source) -> Condition {
    use session::Column;
    let (Source::Address(text) | Source::Subnet(text)) = source;
    let whole = Condition::any().add(Column::Address.eq(text.as_str()));
    let network = match source {
        // One of IPv6 stands for its /64.
        Source::Address(_) => return whole.add(Column::AddressBlock.eq(source.found())),
        Source::Subnet(subnet) => subnet.parse(),
    };
    match network {
        Ok(IpNet::V4(four)) => {
            // Each by its name: an index is of names.
            let [one, two, three, _] = four.network().octets();
            let all = (0..=u8::MAX).map(|last| Ipv4Addr::new(one, two, three, last).to_string());
            whole.add(Column::Address.is_in(all))
        }
        Ok(IpNet::V6(six)) if six.prefix_len() < 64 => {
            // Of its /64, the first is written shorter than the others.
            let [one, two, three, ..] = six.network().segments();
            whole
                .add(Column::AddressBlock.eq(six.network().to_string()))
                .add(Column::AddressBlock.like(format!("{one:x}:{two:x}:{three:x}:%")))
        }
        _ => whole.add(Column::AddressBlock.eq(source.found())),
    }
}

/// Sessions that are copied with each.
const EACH: u64 = 20;
