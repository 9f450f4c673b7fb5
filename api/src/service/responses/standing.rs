//! Where a response is, as its row says it and as people see it.

use entity::response;
use guard::Timestamp;
use sea_orm::{ColumnTrait, Condition};

/// Where a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It waits for somebody.
    Suggested,
    /// It keeps them out.
    Applied,
    /// Somebody did not want it.
    Refused,
    /// Somebody let them in again.
    Undone,
    /// Its time is over.
    Over,
}

impl Standing {
    /// As columns have it.
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Suggested => "suggested",
            Self::Applied => "applied",
            Self::Refused => "refused",
            Self::Undone => "undone",
            Self::Over => "over",
        }
    }

    /// That of a row; what nobody sees yet waits too.
    pub(crate) fn of(row: &response::Model, now: Timestamp) -> Self {
        let all = [Self::Applied, Self::Refused, Self::Undone, Self::Over];
        match all.into_iter().find(|one| one.column() == row.state) {
            Some(Self::Applied) if row.until_at.is_none_or(|until| until <= now.us()) => Self::Over,
            Some(standing) => standing,
            None => Self::Suggested,
        }
    }

    /// Those rows. What was applied is over with its time, whenever its row says so.
    pub(crate) fn filter(self, now_us: i64) -> Condition {
        use response::Column;
        let of = |standing: Self| Condition::all().add(Column::State.eq(standing.column()));
        match self {
            Self::Applied => of(self).add(Column::UntilAt.gt(now_us)),
            Self::Over => Condition::any().add(of(self)).add(past(now_us)),
            _ => of(self),
        }
    }
}

/// What was applied and is over, and whose row does not say so yet.
pub(super) fn past(now_us: i64) -> Condition {
    use response::Column;
    Condition::all()
        .add(Column::State.eq(Standing::Applied.column()))
        .add(Column::UntilAt.lte(now_us))
}

/// As columns have what was found and nobody looked at yet: no person sees it.
pub(super) const DUE: &str = "due";
