//! Taking tokens back: by token, or in bulk. Durable before it is answered, and kept for as long as anything that it covers
//! can let in.

mod over;

use std::time::Duration;

use authz::Action;
use entity::{
    Tenanted, jwks_key, playback_token, playback_token_stream, revocation, signing_key, static_token, token_handle,
};
use guard::{
    Credential, Timestamp, Update,
    policy::{FOREIGN_LEEWAY, Revocations, StaticToken, Subject},
    token::LATEST,
};
use ids::{OrganisationId, StreamId, TokenId};
pub(crate) use over::tend;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
    sea_query::{Expr, IntoCondition, SelectStatement},
};
use serde_json::{Value, json};

use super::{
    Work,
    believed::Believed,
    label, packages,
    proof::{self, Verdict},
    static_tokens, streams, tokens,
};
use crate::{
    analytics::standing,
    fault::Fault,
    live::LiveSession,
    people::Acting,
    publisher::{Progress, policy},
    state::State,
};

/// What is to be taken back.
#[derive(Clone)]
pub(crate) enum By {
    /// The token with this text.
    Token(String),
    /// The token with this id.
    Jti(String),
    /// Every token of a viewer.
    User(String),
    /// Every token of a label.
    Tag(String),
    /// Every token, for the stream of this name.
    Stream(String),
    /// Every token signed with the key of this name.
    SigningKey(String),
    /// Every token issued up to then.
    IssuedBefore(Timestamp),
}

impl By {
    /// What the role must allow.
    pub(crate) fn action(&self) -> Action {
        match self {
            Self::Token(_) | Self::Jti(_) | Self::User(_) | Self::Tag(_) => Action::TokenRevoke,
            Self::Stream(_) | Self::SigningKey(_) | Self::IssuedBefore(_) => Action::TokenRevokeBulk,
        }
    }
}

/// Takes tokens back; says how far the change got, and how many records it covers. The role was judged.
pub(crate) async fn revoke(state: &State, acting: &Acting, by: By) -> Result<(Progress, u64), Fault> {
    let action = by.action();
    let work = Work::begin(state, acting).await?;
    let taken = take(&work, by).await?;
    let (kinds, objects): (Vec<_>, Vec<_>) = taken.subjects.iter().map(policy::subject_columns).unzip();
    let (kind, object) = (kinds.first().copied().unwrap_or("key"), objects.join(" "));
    let (work, object) = match taken.subjects.first() {
        // A viewer can be erased.
        Some(Subject::User(_)) => (work.about(&object), "user".to_owned()),
        _ => (work, object),
    };
    let updates = taken.subjects.into_iter().map(|subject| Update::Revoked {
        organisation: acting.id,
        subject,
        at: taken.at,
    });
    let updates: Vec<_> = updates.collect();
    let covered = taken.covered;
    let detail = json!({ "by": kind, "covered": covered });
    let progress = work.finish(action, &object, detail, &updates).await?;
    Ok((progress, covered))
}

/// Whom a revocation would hit.
pub(crate) struct Preview {
    /// Recorded tokens that it would cover and that are not revoked.
    pub(crate) tokens: u64,
    /// Sessions that would end.
    pub(crate) sessions: Vec<LiveSession>,
}

/// What revoking would do: it is done, looked at, and not kept. The role was judged.
pub(crate) async fn preview(state: &State, acting: &Acting, by: By) -> Result<Preview, Fault> {
    let work = Work::begin(state, acting).await?;
    let taken = take(&work, by).await?;
    let revocations = Revocations::of(&taken.subjects, taken.at);
    // A session ends with whichever of its tokens is covered.
    let hit = |session: &LiveSession| {
        let stream = Some(session.facts.stream);
        session
            .tokens()
            .any(|token| revocations.covering(token, stream).is_some())
    };
    let sessions = state.live.sessions(acting.id, hit);
    Ok(Preview {
        tokens: taken.covered,
        sessions,
    })
}

async fn take(work: &Work<'_>, by: By) -> Result<Taken, Fault> {
    Ok(match by {
        By::Token(text) => by_text(work, &text).await?,
        By::Jti(jti) => by_jti(work, &jti).await?,
        By::User(user) => {
            bulk(
                work,
                Subject::User(label("user", &user, TEXT)?.into()),
                up_to_now(work).await?,
            )
            .await?
        }
        By::Tag(tag) => {
            bulk(
                work,
                Subject::Tag(label("tag", &tag, TEXT)?.into()),
                up_to_now(work).await?,
            )
            .await?
        }
        By::Stream(name) => {
            let row = streams::by_name(&*work.write, work.organisation, &name).await?;
            bulk(
                work,
                Subject::Stream(StreamId::from_uuid(row.id)),
                up_to_now(work).await?,
            )
            .await?
        }
        By::SigningKey(id) => by_key(work, &id).await?,
        By::IssuedBefore(at) if at > work.at => {
            return Err(Fault::field("issuedBefore", "INVALID", "the moment lies ahead"));
        }
        By::IssuedBefore(at) => bulk(work, Subject::Everything, at).await?,
    })
}

/// By its text: a token that a key of the organisation signed, a handle, a record of ours, a static token, or what its
/// backend judges.
async fn by_text(work: &Work<'_>, text: &str) -> Result<Taken, Fault> {
    let credential = Credential::from_token(text);
    if let Credential::Handle(digest) = &credential {
        let handle = token_handle::Entity::in_tenant(work.organisation)
            .filter(token_handle::Column::Digest.eq(digest.bytes().to_vec()))
            .one(&*work.write)
            .await?
            .ok_or(Fault::NotFound)?;
        let claims: Value = serde_json::from_str(&handle.claims).unwrap_or_default();
        let foreign = Foreign {
            jti: &handle.jti,
            revocable: claims["revocable"] != false,
            expires: Timestamp::from_us(handle.expires_at),
        };
        return recorded_or(work, &foreign, "token").await;
    }
    match proof::judge(work.state, &*work.write, work.organisation, text).await? {
        Verdict::Proven(proven) => {
            let claims = &proven.claims;
            let foreign = Foreign {
                jti: &claims.jti,
                revocable: claims.revocable,
                expires: claims.exp,
            };
            recorded_or(work, &foreign, "token").await
        }
        // Its key may be gone; the record is not.
        Verdict::NoKey(token) => {
            let claims = token.claims().map_err(|_| Fault::NotFound)?;
            one(work, &claims.jti, "token").await
        }
        // Whoever made that up would have another's token taken back.
        Verdict::Unsigned(_) => Err(Fault::NotFound),
        Verdict::Malformed(_) => opaque(work, &credential).await,
    }
}

/// By a text that is no token: a static one, or one for the organisation's backend to judge.
async fn opaque(work: &Work<'_>, credential: &Credential) -> Result<Taken, Fault> {
    let Credential::Opaque(opaque) = credential else {
        return Err(Fault::NotFound);
    };
    let row = static_tokens::by_digest(&*work.write, work.organisation, opaque.digest()).await?;
    let believed = Believed::by(&*work.write, work.organisation).await?;
    if !believed.backend {
        return listed(work, &row.ok_or(Fault::NotFound)?, "token").await;
    }
    let judged = unrecorded(work, &opaque.digest().opaque_id(), for_good()).await?;
    // Sessions may run on either word: where the list does not count, or before the text stood there, the backend is asked.
    let may_run = |row: &static_token::Model| Timestamp::from_us(row.expires_at).plus(tokens::DAY) > work.at;
    let Some(row) = row.filter(may_run) else {
        return Ok(judged);
    };
    let mut taken = listed(work, &row, "token").await?;
    taken.subjects.extend(judged.subjects);
    taken.covered = taken.covered.max(judged.covered);
    Ok(taken)
}

/// By its id: one of ours, a static token, or whatever has that id by the word of whom the organisation believes.
async fn by_jti(work: &Work<'_>, jti: &str) -> Result<Taken, Fault> {
    if jti.parse::<TokenId>().is_ok() {
        return one(work, jti, "jti").await;
    }
    if let Some(name) = StaticToken::name_in(jti)
        && let Some(row) = static_tokens::by_name(&*work.write, work.organisation, name).await?
    {
        return listed(work, &row, "jti").await;
    }
    let is_id = (1..=TEXT).contains(&jti.len()) && !jti.chars().any(char::is_control);
    let believed = Believed::by(&*work.write, work.organisation).await?;
    if !is_id || jti.starts_with("tok_") || believed.stranger_because(jti).is_some() {
        return Err(Fault::NotFound);
    }
    if standing::refuses_revocation(&*work.write, work.organisation, jti).await? {
        return Err(not_revocable("jti"));
    }
    unrecorded(work, jti, for_good()).await
}

/// A static token, which stays in the list: what is revoked stays so whoever puts it there again, and whenever.
async fn listed(work: &Work<'_>, row: &static_token::Model, field: &str) -> Result<Taken, Fault> {
    let jti = StaticToken::id_of(&row.name);
    let token = Foreign {
        jti: &jti,
        revocable: true,
        expires: Timestamp::from_us(row.expires_at),
    };
    recorded_or(work, &token, field).await
}

/// One whose word is somebody else's: we have no record of it, but know what was taken back.
async fn unrecorded(work: &Work<'_>, jti: &str, keep_until: i64) -> Result<Taken, Fault> {
    let subject = Subject::Token(jti.into());
    let (kind, column) = policy::subject_columns(&subject);
    let before = revocation::Entity::in_tenant(work.organisation)
        .filter(revocation::Column::Kind.eq(kind))
        .filter(revocation::Column::Subject.eq(column))
        .count(&*work.write)
        .await?;
    insert(work, &subject, work.at, keep_until).await?;
    Ok(Taken::one(subject, work.at, u64::from(before == 0)))
}

/// A token that somebody showed.
struct Foreign<'a> {
    jti: &'a str,
    revocable: bool,
    expires: Timestamp,
}

async fn recorded_or(work: &Work<'_>, token: &Foreign<'_>, field: &str) -> Result<Taken, Fault> {
    if token.jti.parse::<TokenId>().is_ok() {
        return one(work, token.jti, field).await;
    }
    if !token.revocable {
        return Err(not_revocable(field));
    }
    let over = token.expires.plus(tokens::DAY);
    if over <= work.at {
        let message =
            "the token cannot be revoked: it expired more than 24 hours ago, so that no session can run on it";
        return Err(Fault::field(field, "EXPIRED", message));
    }
    // Another static token of its name has its id.
    let is_static = StaticToken::name_in(token.jti).is_some();
    unrecorded(work, token.jti, if is_static { for_good() } else { over.us() }).await
}

fn not_revocable(field: &str) -> Fault {
    let message = "the token cannot be revoked by itself: it says so; its user, tag, stream or key can be";
    Fault::field(field, "NOT_REVOCABLE", message)
}

/// By the key that signed; by every key of a set.
async fn by_key(work: &Work<'_>, id: &str) -> Result<Taken, Fault> {
    let key: ids::KeyId = id.parse().map_err(|_| Fault::NotFound)?;
    let row = signing_key::Entity::in_tenant(work.organisation)
        .filter(signing_key::Column::Id.eq(key.uuid()))
        .one(&*work.write)
        .await?
        .ok_or(Fault::NotFound)?;
    let at = up_to_now(work).await?;
    let mut kids = vec![row.kid.clone()];
    if row.jwks_url.is_some() {
        let fetched = jwks_key::Entity::in_tenant(work.organisation)
            .filter(jwks_key::Column::SigningKeyId.eq(row.id))
            .all(&*work.write)
            .await?;
        kids = fetched.into_iter().map(|key| key.kid).collect();
    }
    let mut taken = Taken {
        subjects: Vec::new(),
        at,
        covered: 0,
    };
    for kid in kids {
        let one = bulk(work, Subject::Key(kid.into()), at).await?;
        taken.subjects.extend(one.subjects);
        taken.covered += one.covered;
    }
    Ok(taken)
}

/// The moment up to which a bulk revocation covers: now, or the `iat` of the last token where an earlier bulk revocation of
/// this very moment was in its way.
async fn up_to_now(work: &Work<'_>) -> Result<Timestamp, Fault> {
    let ahead = playback_token::Entity::in_tenant(work.organisation)
        .filter(playback_token::Column::IssuedAt.gt(work.at.us()))
        .order_by_desc(playback_token::Column::IssuedAt)
        .one(&*work.write)
        .await?;
    Ok(ahead.map_or(work.at, |token| Timestamp::from_us(token.issued_at)))
}

struct Taken {
    subjects: Vec<Subject>,
    at: Timestamp,
    covered: u64,
}

impl Taken {
    fn one(subject: Subject, at: Timestamp, covered: u64) -> Self {
        Self {
            subjects: vec![subject],
            at,
            covered,
        }
    }
}

async fn one(work: &Work<'_>, jti: &str, field: &str) -> Result<Taken, Fault> {
    let record = tokens::by_jti(&*work.write, work.organisation, jti).await?;
    let subject = || Subject::Token(record.jti.as_str().into());
    let taken = |covered| Taken::one(subject(), work.at, covered);
    if record.revoked_at.is_some() {
        // Sent once more: whoever asks twice may have reason to.
        return Ok(taken(0));
    }
    if let Some(why) = tokens::not_revocable_because(work.state, &record) {
        let code = if record.revocable { "EXPIRED" } else { "NOT_REVOCABLE" };
        return Err(Fault::field(field, code, format!("the token cannot be revoked: {why}")));
    }
    let keep_until = Timestamp::from_us(record.expires_at).plus(tokens::DAY).us();
    insert(work, &subject(), work.at, keep_until).await?;
    mark(
        work,
        Condition::all().add(playback_token::Column::Id.eq(record.id)),
        work.at,
    )
    .await?;
    Ok(taken(1))
}

async fn bulk(work: &Work<'_>, subject: Subject, at: Timestamp) -> Result<Taken, Fault> {
    insert(work, &subject, at, for_good()).await?;
    let issued = Condition::all()
        .add(playback_token::Column::IssuedAt.lte(at.us()))
        .add(playback_token::Column::ExpiresAt.gt(work.at.minus(tokens::DAY).us()));
    let (whole, covered) = match &subject {
        Subject::Token(_) => (Condition::any(), None),
        Subject::User(user) => (playback_token::Column::Viewer.eq(&**user).into_condition(), None),
        Subject::Tag(tag) => (playback_token::Column::Tag.eq(&**tag).into_condition(), None),
        // Of what customers sign there are no records.
        Subject::Key(kid) => match kid.parse::<ids::KeyId>() {
            Ok(key) => (
                playback_token::Column::SigningKeyId.eq(key.uuid()).into_condition(),
                None,
            ),
            Err(_) => (Condition::any().add(Expr::value(false)), None),
        },
        Subject::Stream(stream) => {
            // A token for other streams too stays good there: it is covered, but not revoked as a whole.
            let here = links(work.organisation, *stream, true);
            let elsewhere = links(work.organisation, *stream, false);
            let some = Condition::any()
                .add(playback_token::Column::Id.in_subquery(here.clone()))
                .add(playback_token::Column::OrganisationWide.eq(true));
            let only = Condition::all()
                .add(playback_token::Column::Id.in_subquery(here))
                .add(playback_token::Column::Id.not_in_subquery(elsewhere));
            (only, Some(some))
        }
        Subject::Everything => (Condition::all(), None),
    };
    let counted = match covered {
        Some(covered) => {
            let covered = playback_token::Entity::in_tenant(work.organisation)
                .filter(playback_token::Column::RevokedAt.is_null())
                .filter(issued.clone())
                .filter(covered);
            Some(covered.count(&*work.write).await?)
        }
        None => None,
    };
    let marked = mark(work, issued.add(whole), work.at).await?;
    Ok(Taken::one(subject, at, counted.unwrap_or(marked)))
}

/// Until when it can matter that tokens were taken back of which nobody knows when they end, in microseconds: for good. What
/// customers sign without `iat` lets in during the year before its `exp`, and what is dated ahead from then on; both can lie
/// as far ahead as a token can say, whatever is refused as too far today. A session may run a day longer, by a clock that may
/// be off.
fn for_good() -> i64 {
    LATEST.plus(tokens::DAY).plus(FOREIGN_LEEWAY).us()
}

/// Adds a row in the place of those that say no more: whoever takes back the same again and again leaves one. Of those that
/// are kept for long there is room for so many names; what the organisation has itself can always be taken back.
async fn insert(work: &Work<'_>, of: &Subject, at: Timestamp, keep_until: i64) -> Result<(), Fault> {
    use revocation::Column;
    let id: TokenId = work.state.mint();
    let (kind, subject) = policy::subject_columns(of);
    revocation::Entity::remove_in_tenant(work.organisation)
        .filter(Column::Kind.eq(kind))
        .filter(Column::Subject.eq(subject.as_str()))
        .filter(Column::At.lte(at.us()))
        .filter(Column::KeepUntil.lte(keep_until))
        .exec(&*work.write)
        .await?;
    let is_named_by_anybody = matches!(of, Subject::Token(_) | Subject::User(_) | Subject::Tag(_));
    if is_named_by_anybody && keep_until > work.at.plus(LONG).us() {
        packages::one_revocation_more(work).await?;
    }
    revocation::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(work.organisation.uuid()),
        kind: Set(kind.to_owned()),
        subject: Set(subject),
        at: Set(at.us()),
        keep_until: Set(keep_until),
        created_at: Set(work.at.us()),
    }
    .insert(&*work.write)
    .await?;
    Ok(())
}

/// Up to when tokens were taken back together with others, at the latest.
pub(crate) async fn latest_bulk(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<Option<Timestamp>, DbErr> {
    let latest: Option<i64> = bulk_moments(organisation).into_tuple().one(connection).await?;
    Ok(latest.map(Timestamp::from_us))
}

/// The moments of what covers many tokens, the latest first. The condition is that of the index that holds nothing else, to
/// the letter: `SQLite` knows it by nothing else.
fn bulk_moments(organisation: OrganisationId) -> Select<revocation::Entity> {
    use revocation::Column;
    revocation::Entity::in_tenant(organisation)
        .select_only()
        .column(Column::At)
        .filter(Expr::cust("revocation.kind <> 'token'"))
        .order_by_desc(Column::At)
}

async fn mark(work: &Work<'_>, which: Condition, at: Timestamp) -> Result<u64, Fault> {
    let marked = playback_token::Entity::change_in_tenant(work.organisation)
        .filter(playback_token::Column::RevokedAt.is_null())
        .filter(which)
        .col_expr(playback_token::Column::RevokedAt, Expr::value(at.us()))
        .exec(&*work.write)
        .await?;
    Ok(marked.rows_affected)
}

/// The tokens that name a stream, or that name another one.
fn links(organisation: OrganisationId, stream: StreamId, this: bool) -> SelectStatement {
    let column = playback_token_stream::Column::StreamId;
    let which = if this {
        column.eq(stream.uuid())
    } else {
        column.ne(stream.uuid())
    };
    playback_token_stream::Entity::in_tenant(organisation)
        .select_only()
        .column(playback_token_stream::Column::PlaybackTokenId)
        .filter(which)
        .into_query()
}

const TEXT: usize = 256;
/// Longer than a token of ours can live, and be remembered afterwards: the triggers that count what is kept for long say so.
const LONG: Duration = Duration::from_hours(24 * 400);
