//! What is put into a misuse case: findings, tokens and addresses, copied as they are known, with their newest sessions.
//!
//! A finding brings along the token or the address that it is of. What is in the case already is brought up to date; what
//! was counted never becomes less, since what is counted again may have been forgotten meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use entity::{Tenanted, case_item, case_session, finding, playback_token, session, session_token};
use guard::Timestamp;
use ids::{CaseItemId, FindingId, OrganisationId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::OnConflict,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::{Work, reading::TokenIs};
use crate::{
    analytics::{
        findings::{self, ADDRESS, TOKEN, USER},
        source::Source,
        standing,
    },
    fault::Fault,
    privacy,
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
    many: u64,
    /// The newest of them.
    sessions: Vec<session::Model>,
    span: Option<(i64, i64)>,
}

impl Filling {
    /// Copies all of it into a case; how many of each there were, for records.
    pub(super) async fn into_case(self, work: &Work<'_>, case: Uuid) -> Result<Value, Fault> {
        for (field, list) in [
            (FINDINGS, &self.findings),
            (TOKENS, &self.tokens),
            (ADDRESSES, &self.addresses),
        ] {
            few(field, list)?;
        }
        let found = found(work, &self.findings).await?;
        let of = |kind: &'static str| {
            found
                .iter()
                .filter(move |row| row.kind == kind)
                .map(|row| row.subject.clone())
        };
        let tokens: BTreeSet<_> = of(TOKEN).chain(self.tokens.iter().cloned()).collect();
        let mut addresses: BTreeMap<String, Source> = BTreeMap::new();
        for (n, text) in self.addresses.iter().enumerate() {
            let source = Source::parse(text.trim());
            let source = source.ok_or_else(|| missing(ADDRESSES, n, "is no address, /24 or /64"))?;
            addresses.insert(written(&source), source);
        }
        for subject in of(ADDRESS) {
            if let Some(source) = Source::parse(&subject) {
                addresses.insert(subject, source);
            }
        }
        let mut case = Case::read(work, case).await?;
        let counts = json!({ FINDINGS: found.len(), TOKENS: tokens.len(), ADDRESSES: addresses.len() });
        for row in found {
            let sessions = match row.kind.as_str() {
                USER => Some(Condition::all().add(session::Column::Viewer.eq(row.subject.as_str()))),
                _ => None,
            };
            let mut known = Known::of(work, sessions).await?;
            known.span = Some((row.first_at, row.last_at));
            known.finding = Some(row);
            case.put(work, (FINDINGS, FINDING), known, "").await?;
        }
        for (jti, known) in known_tokens(work, &case, &tokens, &self.tokens).await? {
            case.put(work, (TOKENS, TOKEN), known, &jti).await?;
        }
        for (address, known) in known_addresses(work, addresses).await? {
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

/// Findings by their ids, each once.
async fn found(work: &Work<'_>, wanted: &[String]) -> Result<Vec<finding::Model>, Fault> {
    let ids: Vec<Option<Uuid>> = wanted.iter().map(|id| id.parse().ok().map(FindingId::uuid)).collect();
    let rows = finding::Entity::in_tenant(work.organisation)
        .filter(finding::Column::Id.is_in(ids.iter().flatten().copied()))
        .order_by_asc(finding::Column::Id)
        .all(&*work.write)
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
    case: &Case,
    tokens: &BTreeSet<String>,
    asked: &[String],
) -> Result<Vec<(String, Known)>, Fault> {
    let jtis: Vec<_> = tokens.iter().cloned().collect();
    let connection = &*work.write;
    let records = playback_token::Entity::in_tenant(work.organisation)
        .filter(playback_token::Column::Jti.is_in(&jtis))
        .all(connection)
        .await?;
    let standing = standing::tokens(connection, work.organisation, &jtis, work.at).await?;
    let scores = scores(work, TOKEN, &jtis).await?;
    let mut all = Vec::new();
    for jti in jtis {
        let earlier = session_token::Entity::in_tenant(work.organisation)
            .select_only()
            .column(session_token::Column::SessionId)
            .filter(session_token::Column::Jti.eq(jti.as_str()))
            .into_query();
        let theirs = Condition::any()
            .add(session::Column::Jti.eq(jti.as_str()))
            .add(session::Column::Id.in_subquery(earlier));
        let mut known = Known::of(work, Some(theirs)).await?;
        let record = records.iter().find(|record| record.jti == jti);
        let newest = known.sessions.first();
        known.viewer = record.map_or_else(|| newest.and_then(|one| one.viewer.clone()), |one| one.viewer.clone());
        known.tag = record.map_or_else(|| newest.and_then(|one| one.tag.clone()), |one| one.tag.clone());
        known.status = standing.get(&jti).map(|is| status(*is));
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
async fn known_addresses(work: &Work<'_>, addresses: BTreeMap<String, Source>) -> Result<Vec<(String, Known)>, Fault> {
    let names: Vec<_> = addresses.keys().cloned().collect();
    let scores = scores(work, ADDRESS, &names).await?;
    let mut all = Vec::new();
    for (name, source) in addresses {
        let mut known = Known::of(work, Some(from(&source))).await?;
        let place = guard::network(&name)
            .ok()
            .map(|network| work.state.places.of(network.addr()));
        let newest = known.sessions.first();
        let country = place.and_then(|place| place.country).map(|country| country.to_string());
        known.country = newest.and_then(|one| one.country.clone()).or(country);
        known.asn = newest
            .and_then(|one| one.asn)
            .or_else(|| place.and_then(|place| place.asn).map(|asn| i64::from(asn.number())));
        known.provider = newest.and_then(|one| one.provider.clone());
        known.score = scores.get(&name).copied().unwrap_or_default();
        all.push((name, known));
    }
    Ok(all)
}

async fn scores(work: &Work<'_>, kind: &str, names: &[String]) -> Result<BTreeMap<String, i32>, DbErr> {
    let ever = (Timestamp::from_us(0), Timestamp::from_us(i64::MAX));
    let found = findings::of(&*work.write, work.organisation, kind, names.to_vec(), ever).await?;
    let sum = |rows: Vec<finding::Model>| rows.iter().map(|row| row.points).sum::<i32>().min(100);
    Ok(found.into_iter().map(|(name, rows)| (name, sum(rows))).collect())
}

/// The sessions from there.
fn from(source: &Source) -> Condition {
    use session::Column;
    match source {
        Source::Address(address) => Condition::all().add(Column::Address.eq(address.as_str())),
        Source::Subnet(subnet) => {
            let (network, length) = subnet.split_once('/').unwrap_or((subnet, ""));
            let whole = Condition::any().add(Column::Address.eq(subnet.as_str()));
            match length {
                "24" => whole.add(Column::Address.like(format!("{}%", network.trim_end_matches('0')))),
                _ => whole.add(Column::AddressBlock.eq(network)),
            }
        }
    }
}

fn written(source: &Source) -> String {
    match source {
        Source::Address(text) | Source::Subnet(text) => text.clone(),
    }
}

impl Known {
    /// What sessions say of it.
    async fn of(work: &Work<'_>, theirs: Option<Condition>) -> Result<Self, DbErr> {
        let Some(theirs) = theirs else {
            return Ok(Self::default());
        };
        let select = session::Entity::in_tenant(work.organisation).filter(theirs);
        let many = select.clone().count(&*work.write).await?;
        let first: Option<Option<i64>> = select
            .clone()
            .select_only()
            .column_as(session::Column::StartedAt.min(), "first")
            .into_tuple()
            .one(&*work.write)
            .await?;
        let sessions = select
            .order_by_desc(session::Column::Id)
            .limit(EACH)
            .all(&*work.write)
            .await?;
        let last = sessions.iter().map(|row| row.ended_at.unwrap_or(row.beat_at)).max();
        Ok(Self {
            many,
            span: first.flatten().zip(last),
            sessions,
            ..Self::default()
        })
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
        let (first, last) = known.span.unwrap_or((now, now));
        let (points, many) = (finding.map_or(known.score, |row| row.points), count(known.many));
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
            first_at: old.map_or(first, |row| row.first_at.min(first)),
            last_at: old.map_or(last, |row| row.last_at.max(last)),
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
pub(super) fn few(field: &str, list: &[String]) -> Result<(), Fault> {
    if list.len() > AT_ONCE {
        return Err(Fault::field(field, "INVALID", format!("{AT_ONCE} at most at once")));
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

/// As columns have it.
pub(super) const fn status(is: TokenIs) -> &'static str {
    match is {
        TokenIs::Active => "active",
        TokenIs::Revoked => "revoked",
        TokenIs::Expired => "expired",
    }
}

fn count(many: u64) -> i64 {
    i64::try_from(many).unwrap_or(i64::MAX)
}

pub(crate) const FINDING: &str = "finding";
const FINDINGS: &str = "findings";
const TOKENS: &str = "tokens";
const ADDRESSES: &str = "addresses";
/// Of a case: findings, tokens and addresses together.
const ITEMS: usize = 200;
/// Sessions that are copied with each.
const EACH: u64 = 20;
const AT_ONCE: usize = 100;
const TEXT: usize = 512;
