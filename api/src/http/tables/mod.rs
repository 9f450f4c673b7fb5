//! `GET /token-usage.csv`, `/viewer-usage.csv`, `/address-usage.csv`, `/findings.csv`, `/timeseries.csv`, `/world.csv`,
//! `/quality.csv`, `/sessions.csv`, `/changes.csv`, and those of `lists`: what tables of the dashboard show, as files,
//! streamed. Each is an entry of the audit log.
//!
//! Parameters are called as the arguments and fields of GraphQL are, and read by the same types. Whoever sees aggregates
//! only takes nothing away.

mod lists;
mod parameters;
mod rows;

use async_graphql::InputType;
use authz::Action;
use axum::{
    Router,
    extract::{Request, State},
    http::Method,
    response::Response,
    routing::get,
};
use guard::policy::Package;

pub(super) use self::parameters::Parameters;
use self::rows::{Changes, Few, Findings, OverTime, Sessions, Views};
use super::{
    Doors,
    export::{self, Rows, Taker, refused},
};
use crate::{
    analytics::usage::{By, OrderBy, Ordering},
    csv,
    fault::Fault,
    graphql::types::{
        AddressGroup, AddressUsage, AddressUsageOrder, Analytics, AnalyticsFilter, Change, CountryValue, Dimension,
        Interval, Metric, MisuseFinding, OrderDirection, PlayerQuality, QualityDimension, QualityOrder, Series,
        Session, SessionFilter, TimeRange, TokenUsage, TokenUsageOrder, ViewerUsage, ViewerUsageOrder, WorldMetric,
        chart, ordering as ordered,
    },
    service::exports::{self, Part, Place},
};

/// The routes.
pub(super) fn routes() -> Router<Doors> {
    Router::new()
        .route("/token-usage.csv", get(token_usage))
        .route("/viewer-usage.csv", get(viewer_usage))
        .route("/address-usage.csv", get(address_usage))
        .route("/findings.csv", get(findings))
        .route("/timeseries.csv", get(timeseries))
        .route("/world.csv", get(world))
        .route("/quality.csv", get(quality))
        .route("/sessions.csv", get(sessions))
        .route("/changes.csv", get(changes))
        .merge(lists::routes())
}

/// The Token view.
async fn token_usage(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            mut parameters,
            head,
        } = asked;
        let order = ordering::<TokenUsageOrder>(&mut parameters)?;
        view(
            doors,
            (&taker, head),
            parameters,
            "token-usage",
            (By::Token, order),
            &TokenUsage::HEADING,
        )
        .await
    };
    asked(doors, request, ANALYTICS, answer).await
}

/// Viewers.
async fn viewer_usage(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            mut parameters,
            head,
        } = asked;
        let order = ordering::<ViewerUsageOrder>(&mut parameters)?;
        view(
            doors,
            (&taker, head),
            parameters,
            "viewer-usage",
            (By::Viewer, order),
            &ViewerUsage::HEADING,
        )
        .await
    };
    asked(doors, request, ANALYTICS, answer).await
}

/// The IP view.
async fn address_usage(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            mut parameters,
            head,
        } = asked;
        let order = ordering::<AddressUsageOrder>(&mut parameters)?;
        let by = parameters.one::<AddressGroup>("groupBy")?.unwrap_or_default().into();
        view(
            doors,
            (&taker, head),
            parameters,
            "address-usage",
            (by, order),
            &AddressUsage::HEADING,
        )
        .await
    };
    asked(doors, request, ANALYTICS, answer).await
}

/// Signs of misuse.
async fn findings(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            mut parameters,
            head,
        } = asked;
        let range: TimeRange = parameters.range()?;
        let part = parameters.part("findings")?;
        let time = Analytics::of(&doors.state, &taker.acting, range, None)?.time_of_findings()?;
        let rows = |place| Findings::new(doors.state.clone(), taker.acting.clone(), time, place);
        file(doors, (&taker, head), part, &MisuseFinding::HEADING, rows).await
    };
    asked(doors, request, ANALYTICS, answer).await
}

/// A metric over time.
async fn timeseries(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            mut parameters,
            head,
        } = asked;
        let range: TimeRange = parameters.range()?;
        let metric: Metric = parameters.needed("metric", "`metric` says what is added up, as in VIEWERS")?;
        let interval: Interval = parameters.needed("interval", "`interval` says how long a step is, as in HOUR")?;
        let by: Option<Dimension> = parameters.one("groupBy")?;
        let filter: AnalyticsFilter = parameters.fields(&SUMS_FILTER)?;
        let part = parameters.part("timeseries")?;
        let analytics = Analytics::of(&doors.state, &taker.acting, range, Some(filter))?;
        let chart = chart(metric, interval, by);
        let names = if head {
            Vec::new()
        } else {
            analytics.with_most(&doors.state, chart, SERIES).await?
        };
        let rows = |place| OverTime::new(doors.state.clone(), analytics, chart, names, place);
        file(doors, (&taker, head), part, &Series::HEADING, rows).await
    };
    asked(doors, request, ANALYTICS, answer).await
}

/// Sessions that began, by country.
async fn world(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            mut parameters,
            head,
        } = asked;
        let range: TimeRange = parameters.range()?;
        let metric: Option<WorldMetric> = parameters.one("metric")?;
        let filter: AnalyticsFilter = parameters.fields(&SUMS_FILTER)?;
        let part = parameters.part("world")?;
        let analytics = Analytics::of(&doors.state, &taker.acting, range, Some(filter))?;
        let metric = metric.unwrap_or(WorldMetric::Playback);
        let lines = async {
            let countries = analytics.by_country(&doors.state, metric).await?;
            Ok::<String, Fault>(countries.iter().map(CountryValue::cells).map(csv::line).collect())
        };
        few(doors, (&taker, head), part, &CountryValue::HEADING, lines).await
    };
    asked(doors, request, ANALYTICS, answer).await
}

/// How well players played.
async fn quality(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            mut parameters,
            head,
        } = asked;
        let range: TimeRange = parameters.range()?;
        let by: Option<QualityDimension> = parameters.one("by")?;
        let order: Option<QualityOrder> = parameters.one("orderBy")?;
        let direction: Option<OrderDirection> = parameters.one("direction")?;
        let filter: AnalyticsFilter = parameters.fields(&SUMS_FILTER)?;
        let part = parameters.part("quality")?;
        let analytics = Analytics::of(&doors.state, &taker.acting, range, Some(filter))?;
        let lines = async {
            let order = ordered(order, direction);
            let groups = analytics.quality_by(&doors.state, by, order, GROUPS).await?;
            Ok::<String, Fault>(groups.iter().map(PlayerQuality::cells).map(csv::line).collect())
        };
        few(doors, (&taker, head), part, &PlayerQuality::HEADING, lines).await
    };
    asked(doors, request, ANALYTICS, answer).await
}

/// Sessions, live and past.
async fn sessions(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            mut parameters,
            head,
        } = asked;
        let (from, to) = parameters.times()?;
        let filter: SessionFilter = parameters.fields(&SESSION_FILTER)?;
        let part = parameters.part("sessions")?;
        let which = crate::service::reading::Sessions {
            from,
            to,
            ..filter.into()
        };
        which.check()?;
        let rows = |place| Sessions::new(doors.state.clone(), taker.acting.id, which, place);
        file(doors, (&taker, head), part, &Session::HEADING, rows).await
    };
    asked(doors, request, (Action::SessionRead, None), answer).await
}

/// Changes to policy, and how fast they took hold.
async fn changes(doors: State<Doors>, request: Request) -> Response {
    let answer = async |doors: &Doors, asked: Asked| {
        let Asked {
            taker,
            parameters,
            head,
        } = asked;
        let part = parameters.part("changes")?;
        let rows = |place| Changes::new(doors.state.clone(), taker.acting.id, place);
        file(doors, (&taker, head), part, &Change::HEADING, rows).await
    };
    asked(doors, request, (Action::ChangeRead, None), answer).await
}

/// Who asks, who may, and what for.
struct Asked {
    taker: Taker,
    parameters: Parameters,
    /// Whether only to say what it would be.
    head: bool,
}

/// What a table needs, beside the sight of persons: an operation, and a package.
type Needs = (Action, Option<Package>);

async fn asked(
    State(doors): State<Doors>,
    request: Request,
    (action, package): Needs,
    answer: impl AsyncFnOnce(&Doors, Asked) -> Result<Response, Fault>,
) -> Response {
    let parameters = Parameters::of(request.uri());
    let organisation = parameters.as_ref().ok().and_then(Parameters::organisation);
    let shown = export::shown(&doors, &request, organisation);
    let caller = match export::caller(&doors, shown).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let head = request.method() == Method::HEAD;
    let answered = async {
        let acting = caller.may(&doors.state, action)?;
        // Whoever is shown sums and masked addresses exports nothing.
        caller.may(&doors.state, Action::SessionReadPersonal)?;
        if let Some(package) = package {
            acting.needs(&doors.state, package).await?;
        }
        let asked = Asked {
            taker: Taker::new(&doors, &caller, acting, package),
            parameters: parameters?,
            head,
        };
        answer(&doors, asked).await
    };
    answered.await.unwrap_or_else(refused)
}

/// A view's rows, from its first.
async fn view<const N: usize>(
    doors: &Doors,
    (taker, head): (&Taker, bool),
    mut parameters: Parameters,
    table: &'static str,
    (by, order): (By, Ordering),
    heading: &[&'static str; N],
) -> Result<Response, Fault> {
    let range: TimeRange = parameters.range()?;
    let filter: AnalyticsFilter = parameters.fields(&ANALYTICS_FILTER)?;
    let part = parameters.part(table)?;
    let analytics = Analytics::of(&doors.state, &taker.acting, range, Some(filter))?;
    let sessions = analytics.sessions(doors.state.store.read()).await?;
    let rows = |place| Views::new(doors.state.clone(), sessions, by, order, place);
    file(doors, (taker, head), part, heading, rows).await
}

/// A table that is whole in memory. For its head nothing is read.
async fn few(
    doors: &Doors,
    (taker, head): (&Taker, bool),
    part: Part,
    heading: &[&'static str],
    lines: impl Future<Output = Result<String, Fault>>,
) -> Result<Response, Fault> {
    let lines = if head { String::new() } else { lines.await? };
    file(doors, (taker, head), part, heading, |place| Few::new(lines, place)).await
}

/// Records that a table is taken away, and sends it. Whoever asks for its head takes nothing away.
async fn file<R: Rows>(
    doors: &Doors,
    (taker, head): (&Taker, bool),
    part: Part,
    heading: &[&'static str],
    rows: impl FnOnce(Place) -> R,
) -> Result<Response, Fault> {
    let name = format!("{}-{}.csv", part.table, taker.acting.hash);
    if head {
        return Ok(export::described(&name, export::CSV));
    }
    let place = exports::begin(&doors.state, &taker.acting, part).await?;
    Ok(export::lines(&name, heading, rows(place), taker.clone()))
}

/// By which column, and which end of it comes first.
fn ordering<O: InputType + Into<OrderBy>>(parameters: &mut Parameters) -> Result<Ordering, Fault> {
    let (order, direction) = (
        parameters.one::<O>("orderBy")?,
        parameters.one::<OrderDirection>("direction")?,
    );
    Ok(ordered(order, direction))
}

const ANALYTICS: Needs = (Action::AnalyticsRead, Some(Package::Analytics));

/// The fields of `AnalyticsFilter`.
const ANALYTICS_FILTER: [&str; 10] = [
    "stream", "protocol", "jti", "user", "tag", "ip", "country", "asn", "provider", "referrer",
];
/// Those that minutes know.
const SUMS_FILTER: [&str; 2] = ["stream", "protocol"];
/// Rows of a table that is whole in memory.
const GROUPS: u64 = 10_000;
/// Lines of a metric over time, each of many steps.
const SERIES: u64 = 1_000;
/// The fields of `SessionFilter`.
const SESSION_FILTER: [&str; 7] = ["stream", "live", "door", "user", "tag", "jti", "ip"];
