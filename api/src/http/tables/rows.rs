//! Where the rows of files come from, some at a time.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use entity::{change, denial, finding, session};
use guard::Timestamp;
use ids::{ChangeId, DecisionId, FindingId, OrganisationId, SessionId};
use uuid::Uuid;

use crate::{
    analytics::{
        findings, pages,
        series::Chart,
        usage::{self, By, Ordering, Usage},
    },
    csv,
    fault::Fault,
    graphql::types::{
        Alert, AlertDelivery, Analytics, Change, Decision, MisuseCase, MisuseFinding, MisuseResponse, Series, Session,
        address_rows, token_rows, viewer_rows,
    },
    http::export::Rows,
    people::Acting,
    service::{
        alert_receivers, alerts, cases, decisions,
        exports::Place,
        page::{Page, Wanted},
        reading,
        responses::{self, Standing},
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

/// A metric over time: the lines with most, some of them at a time.
pub(super) struct OverTime {
    state: Arc<State>,
    analytics: Analytics,
    chart: Chart,
    names: VecDeque<String>,
    _place: Place,
}

impl OverTime {
    /// Those of `names`, in their order.
    pub(super) fn new(state: Arc<State>, analytics: Analytics, chart: Chart, names: Vec<String>, place: Place) -> Self {
        Self {
            state,
            analytics,
            chart,
            names: names.into(),
            _place: place,
        }
    }
}

impl Rows for OverTime {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        let some: Vec<_> = self.names.drain(..LINES.min(self.names.len())).collect();
        if some.is_empty() {
            return Ok(None);
        }
        let _turn = self.state.analytics.turn_of_file(self.analytics.acting.id).await?;
        let series = self.analytics.of_names(&self.state, self.chart, &some).await?;
        Ok(Some(series.iter().flat_map(Series::cells).map(csv::line).collect()))
    }
}

/// Lines that are there already.
pub(super) struct Few {
    lines: Option<String>,
    _place: Place,
}

impl Few {
    pub(super) fn new(lines: String, place: Place) -> Self {
        Self {
            lines: Some(lines),
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

/// The rows of a list of the organisation's, the newest first, as far as `which` says.
pub(super) struct List<W> {
    state: Arc<State>,
    organisation: OrganisationId,
    which: W,
    newest: Newest,
}

/// What is done about misuse; in that state only where one is said.
pub(super) struct Responses(pub(super) Option<Standing>);

/// Misuse cases; in that state only where one is said.
pub(super) struct Cases(pub(super) Option<&'static str>);

/// What receivers of alerts were sent.
pub(super) struct Deliveries;

impl<W> List<W> {
    pub(super) fn new(state: Arc<State>, organisation: OrganisationId, which: W, place: Place) -> Self {
        Self {
            state,
            organisation,
            which,
            newest: Newest::new(place),
        }
    }
}

impl Rows for List<Responses> {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        let Some(wanted) = self.newest.wanted() else {
            return Ok(None);
        };
        let page = responses::page(&self.state, self.organisation, self.which.0, wanted).await?;
        let acted = |row: &entity::response::Model| [row.proposed_by, row.decided_by, row.undone_by];
        let acted: Vec<_> = page.rows.iter().flat_map(acted).flatten().collect();
        let (names, now) = (names(&self.state, &acted).await?, self.state.now());
        let cells = |row| MisuseResponse(row).cells(&names, now);
        Ok(self.newest.lines(page, MisuseResponse::key, cells))
    }
}

impl Rows for List<Cases> {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        let Some(wanted) = self.newest.wanted() else {
            return Ok(None);
        };
        let page = cases::page(&self.state, self.organisation, self.which.0, wanted).await?;
        let ids: Vec<_> = page.rows.iter().map(|row| row.id).collect();
        let sums = cases::sums(self.state.store.read(), self.organisation, &ids).await?;
        let opened: Vec<_> = page.rows.iter().map(|row| row.created_by).collect();
        let names = names(&self.state, &opened).await?;
        let cells = |row: entity::misuse_case::Model| {
            let by = names.get(&row.created_by).cloned().unwrap_or_default();
            let sums = sums.get(&row.id).copied().unwrap_or_default();
            MisuseCase(row).cells(by, sums)
        };
        Ok(self.newest.lines(page, MisuseCase::key, cells))
    }
}

impl Rows for List<alerts::Which> {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        let Some(wanted) = self.newest.wanted() else {
            return Ok(None);
        };
        let page = alerts::page(&self.state, self.organisation, self.which.clone(), wanted).await?;
        Ok(self.newest.lines(page, Alert::key, |row| Alert(row).cells()))
    }
}

impl Rows for List<Deliveries> {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        let Some(wanted) = self.newest.wanted() else {
            return Ok(None);
        };
        let page = alert_receivers::page(&self.state, self.organisation, wanted).await?;
        let cells = |row| AlertDelivery(row).cells();
        Ok(self.newest.lines(page, AlertDelivery::key, cells))
    }
}

impl Rows for List<decisions::Refusals> {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        let Some(wanted) = self.newest.wanted() else {
            return Ok(None);
        };
        let page = decisions::refusals(&self.state, self.organisation, self.which.clone(), wanted).await?;
        let key = |row: &denial::Model| DecisionId::from_uuid(row.id).to_string();
        Ok(self.newest.lines(page, key, Decision::cells))
    }
}

/// Names of people and of software, by their ids.
async fn names(state: &State, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, Fault> {
    let (people, software) = reading::names(state, ids).await?;
    Ok(people.into_iter().chain(software).collect())
}

/// Rows whose sums are in memory.
const SUMS: u64 = 50_000;
/// Rows of a view that are sent at once. SQLite allows 32766 parameters in a statement.
const ROWS: usize = 500;
/// Lines of a metric over time whose steps are in memory.
const LINES: usize = 20;
/// Rows of other tables that are sent at once.
const MANY: u64 = 500;
