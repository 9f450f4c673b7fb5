//! One thief by all names: whom something was found of, with the viewers of a token, or the tokens of a viewer.

use std::{collections::HashMap, time::Duration};

use entity::{Tenanted, playback_token, response, session, session_token};
use sea_orm::{ColumnTrait, Condition, DbErr, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::{Standing, Work};
use crate::analytics::{
    findings::{ADDRESS, Suspect, TOKEN, USER},
    standing,
};

/// A thief.
pub(super) struct Thief {
    /// Whom something was found of.
    own: Suspect,
    /// As columns have who that is, and who the same thief is besides: a kind, and names of that kind.
    named: [(&'static str, Vec<String>); 2],
}

impl Thief {
    /// Whom a row is about that nobody looked at yet.
    pub(super) async fn of(work: &Work<'_>, row: &response::Model) -> Result<Self, DbErr> {
        let own = Suspect::of(&row.kind, &row.subject);
        let kind = match own {
            Suspect::Token(_) => TOKEN,
            Suspect::User(_) => USER,
            Suspect::Address(_) => ADDRESS,
        };
        let kin = kin(work, &own).await?;
        Ok(Self {
            named: [(kind, vec![row.subject.clone()]), kin],
            own,
        })
    }

    /// Whether there is such a response about them.
    pub(super) async fn has_response(&self, work: &Work<'_>, such: &Condition) -> Result<bool, DbErr> {
        use response::Column;
        for (kind, names) in &self.named {
            let many = response::Entity::in_tenant(work.organisation)
                .filter(Column::Kind.eq(*kind))
                .filter(Column::Subject.is_in(names))
                .filter(such.clone())
                .count(&*work.write)
                .await?;
            if many > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether they are cut off already, so that a response would keep nobody out: as the views show it of them, or since
    /// nothing of theirs runs and, as far as it is known, nothing of theirs is let in.
    pub(super) async fn is_cut(&self, work: &Work<'_>) -> Result<bool, DbErr> {
        let stands = stands(work, std::slice::from_ref(&self.own)).await?;
        let Some(stands) = stands.get(&self.own) else {
            return Ok(false);
        };
        if stands.is_cut() {
            return Ok(true);
        }
        match &self.own {
            // A token that names a banned viewer lets nobody in.
            Suspect::Token(_) => {
                Ok((stands.is_over() && !self.runs(work)) || self.all_kin(work, standing::Standing::is_cut).await?)
            }
            Suspect::User(user) => Ok(!self.runs(work)
                && self.all_kin(work, standing::Standing::is_over).await?
                && !has_unseen(work, user).await?),
            Suspect::Address(_) => Ok(false),
        }
    }

    /// Whether something waits about them that keeps somebody out once it is approved.
    pub(super) async fn is_suggested(&self, work: &Work<'_>) -> Result<bool, DbErr> {
        use response::Column;
        let mut about = Vec::new();
        for (kind, names) in &self.named {
            let waiting: Vec<String> = response::Entity::in_tenant(work.organisation)
                .select_only()
                .column(Column::Subject)
                .filter(Column::Kind.eq(*kind))
                .filter(Column::Subject.is_in(names))
                .filter(Standing::Suggested.filter(work.at.us()))
                .into_tuple()
                .all(&*work.write)
                .await?;
            about.extend(waiting.iter().map(|name| Suspect::of(kind, name)));
        }
        if about.contains(&self.own) {
            return Ok(true);
        }
        let stands = stands(work, &about).await?;
        Ok(stands.values().any(|stands| !stands.is_over()))
    }

    /// What the platform itself suggested about them is done: whether it did. What a person did is theirs to take back.
    pub(super) async fn withdraw(&self, work: &Work<'_>) -> Result<bool, DbErr> {
        use response::Column;
        let mut gone = 0;
        for (kind, names) in &self.named {
            let these = response::Entity::remove_in_tenant(work.organisation)
                .filter(Column::Kind.eq(*kind))
                .filter(Column::Subject.is_in(names))
                .filter(Column::State.eq(Standing::Suggested.column()))
                .filter(Column::ProposedBy.is_null())
                .exec(&*work.write)
                .await?;
            gone += these.rows_affected;
        }
        Ok(gone > 0)
    }

    fn runs(&self, work: &Work<'_>) -> bool {
        !work.state.live.running(work.organisation, [&self.own]).is_empty()
    }

    /// Whether there is somebody who is the same thief besides, and each of those stands so.
    async fn all_kin(&self, work: &Work<'_>, so: fn(&standing::Standing) -> bool) -> Result<bool, DbErr> {
        let [_, (kind, names)] = &self.named;
        // Most often the first ones tell.
        for some in names.chunks(TOGETHER) {
            let some: Vec<_> = some.iter().map(|name| Suspect::of(kind, name)).collect();
            if !stands(work, &some).await?.values().all(so) {
                return Ok(false);
            }
        }
        Ok(!names.is_empty())
    }
}

/// How each of them stands where the change is made.
async fn stands(work: &Work<'_>, suspects: &[Suspect]) -> Result<HashMap<Suspect, standing::Standing>, DbErr> {
    standing::of(work.state, &*work.write, work.organisation, suspects, work.at).await
}

/// Who is the same thief: the viewers of a token, or the tokens of a viewer, those who were there last. A session counts
/// with each token that it ran on.
async fn kin(work: &Work<'_>, own: &Suspect) -> Result<(&'static str, Vec<String>), DbErr> {
    use session::Column;
    let since = work.at.minus(KIN).us();
    let of = |whose: Condition| {
        session::Entity::in_tenant(work.organisation)
            .select_only()
            .filter(whose)
            .filter(Column::StartedAt.gt(since))
    };
    let named = |name: Column, whose: Condition| {
        of(whose)
            .column(name)
            .filter(name.is_not_null())
            .group_by(name)
            .order_by_desc(Column::StartedAt.max())
            .limit(KIN_NAMES)
            .into_tuple::<String>()
            .all(&*work.write)
    };
    let earlier = session_token::Entity::in_tenant(work.organisation).select_only();
    match own {
        Suspect::Token(jti) => {
            let earlier = earlier
                .column(session_token::Column::SessionId)
                .filter(session_token::Column::Jti.eq(jti.as_str()));
            let whose = Condition::any()
                .add(Column::Jti.eq(jti.as_str()))
                .add(Column::Id.in_subquery(earlier.into_query()));
            Ok((USER, named(Column::Viewer, whose).await?))
        }
        Suspect::User(user) => {
            let whose = || Condition::all().add(Column::Viewer.eq(user.as_str()));
            let mut names = named(Column::Jti, whose()).await?;
            let sessions = of(whose()).column(Column::Id).into_query();
            let earlier: Vec<String> = earlier
                .column(session_token::Column::Jti)
                .filter(session_token::Column::SessionId.in_subquery(sessions))
                .order_by_desc(session_token::Column::SessionId)
                .limit(KIN_NAMES)
                .into_tuple()
                .all(&*work.write)
                .await?;
            names.extend(earlier);
            Ok((TOKEN, names))
        }
        Suspect::Address(_) => Ok((ADDRESS, vec![])),
    }
}

/// Whether a token that was made here for the viewer would let them in, whether or not anybody showed it.
async fn has_unseen(work: &Work<'_>, user: &str) -> Result<bool, DbErr> {
    use playback_token::Column;
    let many = playback_token::Entity::in_tenant(work.organisation)
        .filter(Column::Viewer.eq(user))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(work.at.us()))
        .count(&*work.write)
        .await?;
    Ok(many > 0)
}

/// How long ago a session of a viewer's began that tells which tokens are theirs.
const KIN: Duration = Duration::from_hours(24);
/// Of how many of them that is looked up.
const KIN_NAMES: u64 = 1_000;
/// How many of them are judged at once.
const TOGETHER: usize = 100;
