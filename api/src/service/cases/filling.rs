//! What is put into a misuse case: findings, tokens and addresses, copied as they are known, with their newest sessions.
//!
//! A finding brings along the token or the address that it is of. What is in the case already is brought up to date; what
//! was counted never becomes less, since what is counted again may have been forgotten meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{Tenanted, case_item, case_session, finding, playback_token, session};
use guard::Timestamp;
use ids::{CaseItemId, FindingId, OrganisationId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, sea_query::OnConflict,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{Work, reading::TokenIs},
    seen::{self, Seen, Subject},
};
use crate::{
    analytics::{
        findings::{self, ADDRESS, TOKEN, USER},
        source::Source,
        standing,
    },
    fault::Fault,
    privacy,
    state::State,
};

/// What is to be put into a case.
#[derive(Debug, Default)]
pub(crate) struct Filling {
    /// Ids of findings.
    pub(crate) findings: Vec<String>,
    /// Ids of tokens (`jti`).
    pub(crate) tokens: Vec<String>,
    /// Addresses, or networks as the views name them.
    pub(crate) addresses: Vec<String>,
}

/// What is to be put into a case, with what sessions say of it.
#[derive(Debug)]
pub(super) struct Ready {
    filling: Filling,
    addresses: BTreeMap<String, Source>,
    seen: HashMap<Subject, Seen>,
}

/// What is known of something before it becomes a row.
#[derive(Debug, Default)]
struct Known {
    finding: Option<finding::Model>,
    score: i32,
    viewer: Option<String>,
    tag: Option<String>,
    status: Option<&'static str>,
    country: Option<String>,
    asn: Option<i64>,
    provider: Option<String>,
    many: i64,
    /// The newest of them.
    sessions: Vec<session::Model>,
    span: Option<(i64, i64)>,
}

impl Filling {
    /// Looks at it, and at the sessions of all of it. Nothing is changed yet, and nobody waits for it.
    pub(super) async fn ready(self, state: &State, organisation: OrganisationId) -> Result<Ready, Fault> {
        for (field, list, most) in [
            (FINDINGS, &self.findings, AT_ONCE),
            (TOKENS, &self.tokens, AT_ONCE),
            (ADDRESSES, &self.addresses, ADDRESSES_AT_ONCE),
        ] {
            few(field, list, most)?;
        }
        let found = found(state.store.read(), organisation, &self.findings).await?;
        let mut addresses: BTreeMap<String, Source> = BTreeMap::new();
        for (n, text) in self.addresses.iter().enumerate() {
            let source = Source::parse(text.trim());
            let source = source.ok_or_else(|| missing(ADDRESSES, n, "is no address, /24 or /64"))?;
            addresses.insert(written(&source), source);
        }
        let kinds = [TOKEN, USER, ADDRESS].into_iter();
        let of_found = kinds.flat_map(|kind| of(&found, kind).map(move |name| (kind, name)));
        let named = self.tokens.iter().map(|jti| (TOKEN, jti.clone()));
        let from = addresses.keys().map(|address| (ADDRESS, address.clone()));
        let subjects = of_found.chain(named).chain(from).collect();
        let _turn = state.analytics.turn(organisation).await?;
        Ok(Ready {
            seen: seen::of(state.store.read(), organisation, subjects).await?,
            addresses,
            filling: self,
        })
    }
}

impl Ready {
    /// Copies all of it into a case; how many of each there were, for records.
    pub(super) async fn into_case(self, work: &Work<'_>, case: Uuid) -> Result<Value, Fault> {
        let Self {
            filling,
            mut addresses,
            seen,
        } = self;
        let found = found(&*work.write, work.organisation, &filling.findings).await?;
        let tokens: BTreeSet<_> = of(&found, TOKEN).chain(filling.tokens.iter().cloned()).collect();
        for subject in of(&found, ADDRESS) {
            if let Some(source) = Source::parse(&subject) {
                addresses.insert(subject, source);
            }
        }
        let sessions = Sessions::read(work, seen).await?;
        let mut case = Case::read(work, case).await?;
        let counts = json!({ FINDINGS: found.len(), TOKENS: tokens.len(), ADDRESSES: addresses.len() });
        for row in found {
            let mut known = if row.kind == USER {
                sessions.of(USER, &row.subject)
            } else {
                Known::default()
            };
            known.span = Some((row.first_at, row.last_at));
            known.finding = Some(row);
            case.put(work, (FINDINGS, FINDING), known, "").await?;
        }
        for (jti, known) in known_tokens(work, (&case, &sessions), &tokens, &filling.tokens).await? {
            case.put(work, (TOKENS, TOKEN), known, &jti).await?;
        }
        for (address, known) in known_addresses(work, &sessions, addresses).await? {
            case.put(work, (ADDRESSES, ADDRESS), known, &address).await?;
        }
        // Of a time whose addresses are masked already.
        let copied = case
            .copied
            .iter()
            .map(|at| (work.organisation, Timestamp::from_us(*at)));
        privacy::go_back(&*work.write, copied, work.at).await?;
        Ok(counts)
    }
}

/// The names of whom it is that something was found of.
fn of<'a>(found: &'a [finding::Model], kind: &'a str) -> impl Iterator<Item = String> + 'a {
    found
        .iter()
        .filter(move |row| row.kind == kind)
        .map(|row| row.subject.clone())
}

/// Findings by their ids, each once.
async fn found(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    wanted: &[String],
) -> Result<Vec<finding::Model>, Fault> {
    let ids: Vec<Option<Uuid>> = wanted.iter().map(|id| id.parse().ok().map(FindingId::uuid)).collect();
    let rows = finding::Entity::in_tenant(organisation)
        .filter(finding::Column::Id.is_in(ids.iter().flatten().copied()))
        .order_by_asc(finding::Column::Id)
        .all(connection)
        .await?;
    let is_there = |id: &Option<Uuid>| rows.iter().any(|row| Some(row.id) == *id);
    match ids.iter().position(|id| !is_there(id)) {
        Some(n) => Err(missing(FINDINGS, n, "names no finding")),
        None => Ok(rows),
    }
}

/// What is known of tokens. Those that were `asked` for by name have to be known at all, or in the case already.
async fn known_tokens(
    work: &Work<'_>,
    (case, sessions): (&Case, &Sessions),
    tokens: &BTreeSet<String>,
    asked: &[String],
) -> Result<Vec<(String, Known)>, Fault> {
    let jtis: Vec<_> = tokens.iter().cloned().collect();
    let connection = &*work.write;
    let records = playback_token::Entity::in_tenant(work.organisation)
        .filter(playback_token::Column::Jti.is_in(&jtis))
        .all(connection)
        .await?;
    let standing = standing::tokens(work.state, connection, work.organisation, &jtis, work.at).await?;
    let scores = scores(work, TOKEN, &jtis).await?;
    let mut all = Vec::new();
    for jti in jtis {
        let mut known = sessions.of(TOKEN, &jti);
        let record = records.iter().find(|record| record.jti == jti);
        let newest = known.sessions.first();
        known.viewer = record.map_or_else(|| newest.and_then(|one| one.viewer.clone()), |one| one.viewer.clone());
        known.tag = record.map_or_else(|| newest.and_then(|one| one.tag.clone()), |one| one.tag.clone());
        known.status = standing.get(&jti).map(|stand| status(stand.is));
        known.score = scores.get(&jti).copied().unwrap_or_default();
        if let (None, Some(record)) = (known.span, record) {
            known.span = Some((record.issued_at, record.issued_at));
        }
        let is_known =
            known.span.is_some() || known.status.is_some() || scores.contains_key(&jti) || case.has(TOKEN, &jti);
        if let Some(n) = asked.iter().position(|one| *one == jti).filter(|_| !is_known) {
            return Err(missing(TOKENS, n, "names no token that was seen here"));
        }
        all.push((jti, known));
    }
    Ok(all)
}

/// What is known of addresses; nobody needs to have watched from there.
async fn known_addresses(
    work: &Work<'_>,
    sessions: &Sessions,
    addresses: BTreeMap<String, Source>,
) -> Result<Vec<(String, Known)>, DbErr> {
    let names: Vec<_> = addresses.values().map(Source::found).collect();
    let scores = scores(work, ADDRESS, &names).await?;
    let known = addresses.into_iter().map(|(name, source)| {
        let mut known = sessions.of(ADDRESS, &name);
        let located = guard::network(&name)
            .ok()
            .map(|network| work.state.places.locate(network.addr()))
            .unwrap_or_default();
        let newest = known.sessions.first();
        let country = located.place.country.map(|country| country.to_string());
        known.country = newest.and_then(|one| one.country.clone()).or(country);
        let asn = located.place.asn.map(|asn| i64::from(asn.number()));
        known.asn = newest.and_then(|one| one.asn).or(asn);
        // Who runs it today may not be who ran the network that a session was from.
        let provider = located.provider.filter(|_| known.asn == asn);
        let provider = provider.map(|provider| provider.to_string());
        known.provider = newest.and_then(|one| one.provider.clone()).or(provider);
        // Of a network, what one address in it scores.
        let score = scores.get(&source.found()).copied().unwrap_or_default();
        known.score = known.score.max(score);
        (name, known)
    });
    Ok(known.collect())
}

async fn scores(work: &Work<'_>, kind: &str, names: &[String]) -> Result<BTreeMap<String, i32>, DbErr> {
    let ever = (Timestamp::from_us(0), Timestamp::from_us(i64::MAX));
    let found = findings::of(&*work.write, work.organisation, kind, names.to_vec(), ever).await?;
    let sum = |rows: Vec<finding::Model>| rows.iter().map(|row| row.points).sum::<i32>().min(100);
    Ok(found.into_iter().map(|(name, rows)| (name, sum(rows))).collect())
}

fn written(source: &Source) -> String {
    match source {
        Source::Address(text) | Source::Subnet(text) => text.clone(),
    }
}

/// What sessions say of each thing, and the newest of them as they are now.
struct Sessions {
    seen: HashMap<Subject, Seen>,
    rows: HashMap<Uuid, session::Model>,
}

impl Sessions {
    async fn read(work: &Work<'_>, seen: HashMap<Subject, Seen>) -> Result<Self, DbErr> {
        let ids: BTreeSet<Uuid> = seen.values().flat_map(|one| one.newest.iter().copied()).collect();
        let rows = session::Entity::in_tenant(work.organisation)
            .filter(session::Column::Id.is_in(ids))
            .all(&*work.write)
            .await?;
        Ok(Self {
            seen,
            rows: rows.into_iter().map(|row| (row.id, row)).collect(),
        })
    }

    fn of(&self, kind: &'static str, name: &str) -> Known {
        let Some(seen) = self.seen.get(&(kind, name.to_owned())) else {
            return Known::default();
        };
        let sessions: Vec<_> = seen.newest.iter().filter_map(|id| self.rows.get(id).cloned()).collect();
        let last = sessions.iter().map(|row| row.ended_at.unwrap_or(row.beat_at)).max();
        Known {
            many: seen.many,
            span: seen.first.zip(last),
            score: seen.score,
            sessions,
            ..Known::default()
        }
    }
}

/// A case, as it is filled.
struct Case {
    id: Uuid,
    organisation: OrganisationId,
    items: Vec<case_item::Model>,
    /// The moments of what was copied, by which addresses are masked.
    copied: Vec<i64>,
}

impl Case {
    async fn read(work: &Work<'_>, id: Uuid) -> Result<Self, DbErr> {
        Ok(Self {
            id,
            organisation: work.organisation,
            items: super::items(&*work.write, work.organisation, &[id]).await?,
            copied: Vec::new(),
        })
    }

    fn has(&self, kind: &str, subject: &str) -> bool {
        self.items
            .iter()
            .any(|item| item.kind == kind && item.subject == subject)
    }

    /// Puts one thing in, or brings it up to date.
    async fn put(
        &mut self,
        work: &Work<'_>,
        (field, kind): (&str, &str),
        known: Known,
        subject: &str,
    ) -> Result<(), Fault> {
        let finding = known.finding.as_ref();
        let subject = finding.map_or(subject, |row| &row.subject).to_owned();
        let is_same = |item: &&case_item::Model| {
            item.kind == kind
                && match finding {
                    Some(row) => item.finding_id == Some(row.id),
                    None => item.subject == subject,
                }
        };
        let before = self.items.iter().find(is_same).cloned();
        if before.is_none() && self.items.len() >= ITEMS {
            let why = format!("a case may hold {ITEMS} findings, tokens and addresses");
            return Err(Fault::field(field, "LIMIT_REACHED", why));
        }
        let now = work.at.us();
        // Where nobody was seen there are no times, but the columns have some: of when it was named, by which it is masked.
        let (first, last) = match (known.span, before.as_ref().filter(|row| was_seen(row))) {
            (Some((first, last)), Some(row)) => (row.first_at.min(first), row.last_at.max(last)),
            (Some(span), None) => span,
            (None, Some(row)) => (row.first_at, row.last_at),
            (None, None) => (now, now),
        };
        let (points, many) = (finding.map_or(known.score, |row| row.points), known.many);
        let old = before.as_ref();
        let most = |new: i32| old.map_or(new, |row| row.points.max(new));
        // Of two evidences the one with more points, or the newer one.
        let evidence = match (finding, old) {
            (Some(row), Some(old)) if old.points > row.points => old.evidence.clone(),
            (Some(row), _) => row.evidence.clone(),
            (None, _) => String::new(),
        };
        let kept = |new: Option<String>, of: fn(&case_item::Model) -> Option<&String>| {
            new.or_else(|| old.and_then(of).cloned())
        };
        let row = case_item::Model {
            id: old.map_or_else(|| work.state.mint::<CaseItemId>().uuid(), |row| row.id),
            organisation_id: self.organisation.uuid(),
            case_id: self.id,
            kind: kind.to_owned(),
            subject_kind: finding.map_or(kind, |row| &row.kind).to_owned(),
            subject,
            finding_id: finding.map(|row| row.id),
            indicator: finding.map(|row| row.indicator.clone()),
            points: most(points),
            evidence,
            viewer: kept(known.viewer.clone(), |row| row.viewer.as_ref()),
            tag: kept(known.tag.clone(), |row| row.tag.as_ref()),
            status: kept(known.status.map(ToOwned::to_owned), |row| row.status.as_ref()),
            country: kept(known.country.clone(), |row| row.country.as_ref()),
            asn: known.asn.or_else(|| old.and_then(|row| row.asn)),
            provider: kept(known.provider.clone(), |row| row.provider.as_ref()),
            sessions: old.map_or(many, |row| row.sessions.max(many)),
            first_at: first,
            last_at: last,
            added_at: old.map_or(now, |row| row.added_at),
        };
        let (id, place) = (row.id, self.items.iter().position(|item| item.id == row.id));
        self.copied.push(row.last_at);
        let active = row.clone().into_active_model().reset_all();
        if let Some(at) = place {
            active.update(&*work.write).await?;
            self.items.splice(at..=at, [row]);
        } else {
            case_item::Entity::insert(active)
                .exec_without_returning(&*work.write)
                .await?;
            self.items.push(row);
        }
        self.sessions(work, id, known.sessions).await?;
        Ok(())
    }

    async fn sessions(&mut self, work: &Work<'_>, item: Uuid, sessions: Vec<session::Model>) -> Result<(), DbErr> {
        use case_session::Column;
        if sessions.is_empty() {
            return Ok(());
        }
        self.copied.extend(sessions.iter().map(|row| row.started_at));
        let rows = sessions.into_iter().map(|row| case_session::ActiveModel {
            item_id: Set(item),
            session_id: Set(row.id),
            organisation_id: Set(self.organisation.uuid()),
            case_id: Set(self.id),
            stream: Set(row.stream_name),
            protocol: Set(row.protocol),
            address: Set(row.address),
            country: Set(row.country),
            provider: Set(row.provider),
            jti: Set(row.jti),
            viewer: Set(row.viewer),
            bytes: Set(row.bytes),
            started_at: Set(row.started_at),
            seen_at: Set(row.beat_at),
            ended_at: Set(row.ended_at),
        });
        let newer = [
            Column::Address,
            Column::Jti,
            Column::Viewer,
            Column::Bytes,
            Column::SeenAt,
            Column::EndedAt,
        ];
        let on_conflict = OnConflict::columns([Column::ItemId, Column::SessionId])
            .update_columns(newer)
            .to_owned();
        case_session::Entity::insert_many(rows)
            .on_conflict(on_conflict)
            .exec_without_returning(&*work.write)
            .await?;
        Ok(())
    }
}

/// What is called so many times at once is refused, by its name.
pub(super) fn few(field: &str, list: &[String], most: usize) -> Result<(), Fault> {
    if list.len() > most {
        return Err(Fault::field(field, "INVALID", format!("{most} at most at once")));
    }
    if list.iter().any(|text| text.len() > TEXT || text.contains('\0')) {
        let why = format!("{TEXT} bytes at most each, without the character 0");
        return Err(Fault::field(field, "INVALID", why));
    }
    Ok(())
}

fn missing(field: &str, n: usize, why: &str) -> Fault {
    Fault::field(field, "UNKNOWN", format!("entry {} {why}", n + 1))
}

/// Whether its times are those of somebody: nobody needs to have watched from an address.
pub(crate) fn was_seen(item: &case_item::Model) -> bool {
    item.kind != ADDRESS || item.sessions > 0
}

/// As columns have it.
pub(super) const fn status(is: TokenIs) -> &'static str {
    match is {
        TokenIs::Active => "active",
        TokenIs::Revoked => "revoked",
        TokenIs::Expired => "expired",
    }
}

pub(crate) const FINDING: &str = "finding";
const FINDINGS: &str = "findings";
const TOKENS: &str = "tokens";
const ADDRESSES: &str = "addresses";
/// Of a case: findings, tokens and addresses together.
const ITEMS: usize = 200;
/// Findings, tokens, things to take out.
pub(super) const AT_ONCE: usize = 100;
/// A network is many.
const ADDRESSES_AT_ONCE: usize = 20;
const TEXT: usize = 512;
