//! Where the rows of files come from, some at a time.

use std::{collections::VecDeque, sync::Arc};

use entity::{change, finding, session};
use guard::Timestamp;
use ids::{ChangeId, FindingId, OrganisationId, SessionId};

use crate::{
    analytics::{
        findings, pages,
        usage::{self, By, Ordering, Usage},
    },
    csv,
    fault::Fault,
    graphql::types::{Change, MisuseFinding, Session, address_rows, token_rows, viewer_rows},
    http::export::Rows,
    people::Acting,
    service::{
        exports::Place,
        page::{Page, Wanted},
        reading,
    },
    state::State,
};

/// One of the views. Sums of many rows are made at once, for each time costs as much as all; what stands beside them is
/// looked up for some.
pub(super) struct Views {
    state: Arc<State>,
    sessions: usage::Sessions,
    by: By,
    order: Ordering,
    sums: VecDeque<Usage>,
    behind: Behind,
    _place: Place,
}

/// Behind which row it goes on.
enum Behind {
    Nothing,
    Row(String),
    All,
}

impl Views {
    pub(super) fn new(state: Arc<State>, sessions: usage::Sessions, by: By, order: Ordering, place: Place) -> Self {
        Self {
            state,
            sessions,
            by,
            order,
            sums: VecDeque::new(),
            behind: Behind::Nothing,
            _place: place,
        }
    }

    async fn fill(&mut self) -> Result<(), Fault> {
        let after = match &self.behind {
            Behind::Nothing => None,
            Behind::Row(key) => Some(key.clone()),
            Behind::All => return Ok(()),
        };
        let wanted = Wanted::rows_behind(after, SUMS);
        let page = pages::page(&self.state, &self.sessions, self.by, self.order, wanted).await?;
        self.behind = match page.rows.last() {
            Some(last) if page.has_next => Behind::Row(last.key()),
            _ => Behind::All,
        };
        self.sums = page.rows.into();
        Ok(())
    }
}

impl Rows for Views {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        let _turn = self.state.analytics.turn_of_file(self.sessions.organisation).await?;
        if self.sums.is_empty() {
            self.fill().await?;
        }
        let some: Vec<_> = self.sums.drain(..ROWS.min(self.sums.len())).collect();
        if some.is_empty() {
            return Ok(None);
        }
        let lines = match self.by {
            By::Token => {
                let rows = token_rows(&self.state, &self.sessions, &some).await?;
                rows.iter().map(|row| csv::line(row.cells())).collect()
            }
            By::Viewer => {
                let rows = viewer_rows(&self.state, &self.sessions, &some).await?;
                rows.iter().map(|row| csv::line(row.cells())).collect()
            }
            By::Address | By::Subnet | By::Network => {
                let rows = address_rows(&self.state, &self.sessions, self.by, &some).await?;
                rows.iter().map(|row| csv::line(row.cells())).collect()
            }
        };
        Ok(Some(lines))
    }
}

/// Rows that go by their ids, the newest first.
struct Newest {
    after: Option<String>,
    done: bool,
    _place: Place,
}

impl Newest {
    fn new(place: Place) -> Self {
        Self {
            after: None,
            done: false,
            _place: place,
        }
    }

    /// The next part that is wanted; none behind the last.
    fn wanted(&self) -> Option<Wanted> {
        (!self.done).then(|| Wanted::rows_behind(self.after.clone(), MANY))
    }

    fn lines<M, const N: usize>(
        &mut self,
        page: Page<M>,
        key: impl Fn(&M) -> String,
        cells: impl Fn(M) -> [String; N],
    ) -> Option<String> {
        self.done = !page.has_next;
        self.after = page.rows.last().map(key);
        self.after.as_ref()?;
        Some(page.rows.into_iter().map(|row| csv::line(cells(row))).collect())
    }
}

/// Signs of misuse.
pub(super) struct Findings {
    state: Arc<State>,
    acting: Acting,
    time: (Timestamp, Timestamp),
    newest: Newest,
}

impl Findings {
    pub(super) fn new(state: Arc<State>, acting: Acting, time: (Timestamp, Timestamp), place: Place) -> Self {
        Self {
            state,
            acting,
            time,
            newest: Newest::new(place),
        }
    }
}

impl Rows for Findings {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        let Some(wanted) = self.newest.wanted() else {
            return Ok(None);
        };
        let page = findings::newest(&self.state, &self.acting, self.time, wanted).await?;
        let key = |row: &finding::Model| FindingId::from_uuid(row.id).to_string();
        Ok(self.newest.lines(page, key, |row| MisuseFinding::of_row(row).cells()))
    }
}

/// Sessions, with whom they were of.
pub(super) struct Sessions {
    state: Arc<State>,
    organisation: OrganisationId,
    which: reading::Sessions,
    newest: Newest,
}

impl Sessions {
    pub(super) fn new(state: Arc<State>, organisation: OrganisationId, which: reading::Sessions, place: Place) -> Self {
        Self {
            state,
            organisation,
            which,
            newest: Newest::new(place),
        }
    }
}

impl Rows for Sessions {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        let Some(wanted) = self.newest.wanted() else {
            return Ok(None);
        };
        let page = reading::sessions(&self.state, self.organisation, self.which.clone(), wanted).await?;
        let key = |row: &session::Model| SessionId::from_uuid(row.id).to_string();
        let state = &self.state;
        Ok(self
            .newest
            .lines(page, key, |row| Session::of_row(state, row, true).cells()))
    }
}

/// Rows that are there already.
pub(super) struct Few {
    lines: Option<String>,
    _place: Place,
}

impl Few {
    pub(super) fn new<const N: usize>(rows: impl Iterator<Item = [String; N]>, place: Place) -> Self {
        Self {
            lines: Some(rows.map(csv::line).collect()),
            _place: place,
        }
    }
}

impl Rows for Few {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        Ok(self.lines.take())
    }
}

/// Changes to policy.
pub(super) struct Changes {
    state: Arc<State>,
    organisation: OrganisationId,
    newest: Newest,
}

impl Changes {
    pub(super) fn new(state: Arc<State>, organisation: OrganisationId, place: Place) -> Self {
        Self {
            state,
            organisation,
            newest: Newest::new(place),
        }
    }
}

impl Rows for Changes {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        let Some(wanted) = self.newest.wanted() else {
            return Ok(None);
        };
        let page = reading::changes(&self.state, self.organisation, wanted).await?;
        let key = |row: &change::Model| ChangeId::from_uuid(row.id).to_string();
        Ok(self.newest.lines(page, key, |row| Change::from(row).cells()))
    }
}

/// Rows whose sums are in memory.
const SUMS: u64 = 50_000;
/// Rows of a view that are sent at once. SQLite allows 32766 parameters in a statement.
const ROWS: usize = 500;
/// Rows of other tables that are sent at once.
const MANY: u64 = 500;
