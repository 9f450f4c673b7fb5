//! What was watched, by whom, and what looks like misuse.

use std::time::Duration;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use authz::Action;
use entity::{
    finding,
    session::{self, Column},
};
use guard::Timestamp;
use ids::SessionId;
use sea_orm::ConnectionTrait;

use super::{
    Part,
    finding::{MisuseFinding, MisuseFindingConnection},
    moment::Moment,
    order::{AddressGroup, AddressUsageOrder, OrderDirection, TokenUsageOrder, ViewerUsageOrder, ordering},
    page::wanted,
    quality::{PlayerQuality, QualityDimension, QualityOrder, QualityPoint},
    series::{Bucket, CountryValue, Interval, Series},
    session::{Door, Protocol, Session, SessionConnection},
    usage::{self, AddressUsageConnection, TokenUsageConnection, ViewerUsageConnection},
};
use crate::{
    analytics::{
        Turn, concurrency, findings, pages, quality,
        series::{self, Chart, Dimension as By, Metric as What, Span},
        source::Source,
        usage::{Direction, Filter, Sessions, renewed, taken_apart as sessions_apart},
    },
    fault::Fault,
    graphql::state,
    people::Acting,
    service::reading::bound_in,
    state::State,
};

/// What was watched within a time, by whom, and what looks like misuse. At most 15 seconds behind.
pub(crate) struct Analytics {
    pub(crate) acting: Acting,
    from: Timestamp,
    to: Timestamp,
    /// By when everything is known.
    settled: Timestamp,
    filter: AnalyticsFilter,
}

/// A time; until now unless said.
#[derive(Clone, Copy, Debug, InputObject)]
pub(crate) struct TimeRange {
    /// From when on.
    from: Moment,
    /// Before when.
    to: Option<Moment>,
}

/// Which sessions count. Series and the world take streams and protocols alone; findings take none.
#[derive(Clone, Debug, Default, PartialEq, InputObject)]
pub(crate) struct AnalyticsFilter {
    /// On the stream of this name.
    stream: Option<String>,
    /// By this protocol.
    protocol: Option<Protocol>,
    /// With this token; not for `nanoReadOnly`.
    jti: Option<ID>,
    /// Of this viewer; not for `nanoReadOnly`.
    user: Option<String>,
    /// With this label.
    tag: Option<String>,
    /// From this address, /24 of IPv4 or /64 of IPv6; not for `nanoReadOnly`.
    ip: Option<String>,
    /// From this country (ISO 3166-1 alpha-2).
    country: Option<String>,
    /// From this network (AS number).
    asn: Option<i64>,
    /// From networks of this name.
    provider: Option<String>,
    /// From the page of this host.
    referrer: Option<String>,
}

impl AnalyticsFilter {
    /// Whether databases can compare its texts.
    fn check(&self) -> Result<(), Fault> {
        for (field, text) in [
            ("stream", self.stream.as_deref()),
            ("jti", self.jti.as_deref().map(String::as_str)),
            ("user", self.user.as_deref()),
            ("tag", self.tag.as_deref()),
            ("ip", self.ip.as_deref()),
            ("country", self.country.as_deref()),
            ("provider", self.provider.as_deref()),
            ("referrer", self.referrer.as_deref()),
        ] {
            bound_in(field, text)?;
        }
        Ok(())
    }
}

/// What is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "What")]
pub(crate) enum Metric {
    /// How many watched at the same time, on average. Minutes of which something is yet to come are left out.
    Viewers,
    /// Sessions that began.
    Sessions,
    /// How long everybody watched together, in seconds.
    Watched,
    /// Media sent, in bytes.
    Bytes,
    /// Refusals.
    Denials,
}

/// By what something is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "By")]
pub(crate) enum Dimension {
    /// Streams, by name.
    Stream,
    /// Protocols.
    Protocol,
    /// Countries; empty where it is not known.
    Country,
    /// Reasons of refusals.
    Reason,
    /// Who runs the network.
    Provider,
    /// Hosts of pages.
    Referrer,
    /// Players, as they call themselves.
    UserAgent,
}

/// What the map shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum WorldMetric {
    /// Viewers' sessions.
    Playback,
    /// Broadcasters' sessions.
    Ingest,
}

/// A sign of misuse, as part of a score.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Indicator {
    /// Which, as in `SESSIONS`.
    code: String,
    /// What it adds to the score.
    weight: i32,
    /// Why, in words and numbers.
    evidence: String,
}

impl Analytics {
    /// Of the organisation in which the caller acts. The role was judged.
    pub(crate) fn of(
        state: &State,
        acting: &Acting,
        range: TimeRange,
        filter: Option<AnalyticsFilter>,
    ) -> Result<Self, Fault> {
        let filter = filter.unwrap_or_default();
        let is_personal = filter.jti.is_some() || filter.user.is_some() || filter.ip.is_some();
        if is_personal && !acting.may(state, Action::SessionReadPersonal) {
            return Err(Fault::Forbidden);
        }
        let from = range.from.read()?;
        let to = range.to.map_or_else(|| Ok(state.now()), Moment::read)?;
        if from >= to {
            return Err(Fault::field("range", "INVALID", "it ends before it begins"));
        }
        filter.check()?;
        Ok(Self {
            acting: acting.clone(),
            from,
            to,
            settled: state.now().minus(BEHIND),
            filter,
        })
    }

    /// The sessions that the views are of.
    pub(crate) async fn sessions(&self, connection: &impl ConnectionTrait) -> Result<Sessions, Fault> {
        let AnalyticsFilter {
            stream,
            protocol,
            jti,
            user,
            tag,
            ip,
            country,
            asn,
            provider,
            referrer,
        } = self.filter.clone();
        let wrong = |field| Fault::field(field, "INVALID", "there is no such value");
        let country = country
            .map(|text| text.parse().map_err(|_| wrong("country")))
            .transpose()?;
        let asn = asn
            .map(|asn| u32::try_from(asn).map_err(|_| wrong("asn")))
            .transpose()?;
        let address = ip
            .map(|text| Source::parse(&text).ok_or_else(|| wrong("ip")))
            .transpose()?;
        Ok(Sessions {
            organisation: self.acting.id,
            from: self.from,
            to: self.to,
            renewed: renewed(connection, self.acting.id).await?,
            database: connection.get_database_backend(),
            filter: Filter {
                stream,
                protocol: protocol.map(Into::into),
                jti: jti.map(|jti| jti.0),
                user,
                tag,
                address,
                country,
                asn: asn.map(guard::Asn::new),
                provider,
                referrer,
            },
        })
    }

    /// The time that findings are of: those of all, for they know nothing of sessions.
    pub(crate) fn time_of_findings(&self) -> Result<(Timestamp, Timestamp), Fault> {
        let of_all = self.filter == AnalyticsFilter::default();
        of_all.then_some((self.from, self.to)).ok_or(UNSUPPORTED)
    }

    /// Whether minutes know what is asked for: they know streams and protocols.
    fn is_summed(&self) -> bool {
        let known = AnalyticsFilter {
            stream: self.filter.stream.clone(),
            protocol: self.filter.protocol,
            ..AnalyticsFilter::default()
        };
        self.filter == known
    }

    /// The minutes that sums are of.
    fn span(&self) -> Result<Span<'_>, Fault> {
        if !self.is_summed() {
            return Err(UNSUPPORTED);
        }
        Ok(Span {
            organisation: self.acting.id,
            from: self.from,
            to: self.to,
            settled: self.settled,
            protocol: self.filter.protocol.map(Into::into),
            stream: self.filter.stream.as_deref(),
        })
    }

    /// Sessions themselves, of which minutes do not know enough.
    async fn taken_apart(
        &self,
        connection: &impl ConnectionTrait,
        metric: Metric,
        by: Dimension,
        first: u64,
    ) -> Result<Vec<(String, f64)>, Fault> {
        let by_time = match metric {
            Metric::Sessions => false,
            Metric::Watched => true,
            Metric::Viewers | Metric::Bytes | Metric::Denials => return Err(UNSUPPORTED),
        };
        let column = match by {
            Dimension::Stream => Column::StreamName,
            Dimension::Protocol => Column::Protocol,
            Dimension::Country => Column::Country,
            Dimension::Provider => Column::Provider,
            Dimension::Referrer => Column::Referrer,
            Dimension::UserAgent => Column::UserAgent,
            Dimension::Reason => return Err(UNSUPPORTED),
        };
        let values = sessions_apart(connection, &self.sessions(connection).await?, column, by_time, first).await?;
        let value = |value: i64| super::float(u64::try_from(value).unwrap_or(0)) / if by_time { 1e6 } else { 1.0 };
        Ok(values.into_iter().map(|(name, number)| (name, value(number))).collect())
    }

    /// How well players played, together or taken apart.
    pub(crate) async fn quality_by(
        &self,
        state: &State,
        by: Option<QualityDimension>,
        order: (quality::OrderBy, Direction),
        first: u64,
    ) -> Result<Vec<PlayerQuality>, Fault> {
        let (by, span) = (by.map(Into::into), self.span()?);
        let _turn = self.turn(state).await?;
        let groups = quality::taken_apart(state.store.read(), span, by, order, first).await?;
        Ok(groups.into_iter().map(PlayerQuality::of).collect())
    }

    /// The turn of the organisation to look.
    async fn turn(&self, state: &State) -> Result<Turn, Fault> {
        state.analytics.turn(self.acting.id).await
    }

    /// Which values have most of a metric over time, the `first` of them.
    pub(crate) async fn with_most(&self, state: &State, chart: Chart, first: u64) -> Result<Vec<String>, Fault> {
        let span = self.span()?;
        let _turn = self.turn(state).await?;
        series::with_most(state.store.read(), span, chart, first).await
    }

    /// Those of a metric over time, in their order; for whoever has a turn.
    pub(crate) async fn of_names(&self, state: &State, chart: Chart, names: &[String]) -> Result<Vec<Series>, Fault> {
        let series = series::of_names(state.store.read(), self.span()?, chart, names).await?;
        Ok(series.into_iter().map(Series::of).collect())
    }

    /// Sessions that began, by country.
    pub(crate) async fn by_country(&self, state: &State, metric: WorldMetric) -> Result<Vec<CountryValue>, Fault> {
        let door = match metric {
            WorldMetric::Playback => Door::Playback,
            WorldMetric::Ingest => Door::Ingest,
        };
        let span = self.span()?;
        let _turn = self.turn(state).await?;
        let values = series::world(state.store.read(), span, door.into()).await?;
        Ok(values.into_iter().map(CountryValue::of).collect())
    }

    /// Whoever may not see addresses and viewers may not see what is taken together by them.
    fn personal(&self, state: &State) -> Result<(), Fault> {
        let may = self.acting.may(state, Action::SessionReadPersonal);
        may.then_some(()).ok_or(Fault::Forbidden)
    }
}

#[Object]
impl Analytics {
    /// By token: the Token view; not for `nanoReadOnly`.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn by_token(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "In which order; by score unless said.")] order_by: Option<TokenUsageOrder>,
        #[graphql(desc = "Which end comes first; the most, or the last, unless said.")] direction: Option<
            OrderDirection,
        >,
    ) -> Result<Option<TokenUsageConnection>> {
        let state = state(context);
        self.personal(state)?;
        let wanted = wanted(context, first, after.as_deref())?;
        let order = ordering(order_by, direction);
        let _turn = self.turn(state).await?;
        let sessions = self.sessions(state.store.read()).await?;
        Ok(Some(usage::tokens(state, &sessions, order, wanted).await?))
    }

    /// By address: the IP view; not for `nanoReadOnly`.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn by_address(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "In which order; by score unless said.")] order_by: Option<AddressUsageOrder>,
        #[graphql(desc = "What a row is; an address unless said.")] group_by: Option<AddressGroup>,
        #[graphql(desc = "Which end comes first; the most, or the last, unless said.")] direction: Option<
            OrderDirection,
        >,
    ) -> Result<Option<AddressUsageConnection>> {
        let state = state(context);
        self.personal(state)?;
        let wanted = wanted(context, first, after.as_deref())?;
        let by = group_by.unwrap_or_default().into();
        let order = ordering(order_by, direction);
        let _turn = self.turn(state).await?;
        let sessions = self.sessions(state.store.read()).await?;
        Ok(Some(usage::addresses(state, &sessions, by, order, wanted).await?))
    }

    /// By viewer, as tokens name them; not for `nanoReadOnly`.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn by_viewer(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "In which order; by score unless said.")] order_by: Option<ViewerUsageOrder>,
        #[graphql(desc = "Which end comes first; the most, or the last, unless said.")] direction: Option<
            OrderDirection,
        >,
    ) -> Result<Option<ViewerUsageConnection>> {
        let state = state(context);
        self.personal(state)?;
        let wanted = wanted(context, first, after.as_deref())?;
        let order = ordering(order_by, direction);
        let _turn = self.turn(state).await?;
        let sessions = self.sessions(state.store.read()).await?;
        Ok(Some(usage::viewers(state, &sessions, order, wanted).await?))
    }

    /// Signs of misuse, what was seen last first; not for `nanoReadOnly`.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn findings(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
    ) -> Result<Option<MisuseFindingConnection>> {
        let state = state(context);
        self.personal(state)?;
        let time = self.time_of_findings()?;
        let wanted = wanted(context, first, after.as_deref())?;
        let _turn = self.turn(state).await?;
        let page = findings::page(state, &self.acting, time, wanted).await?;
        Ok(Some(Part::of(page, findings::key, MisuseFinding::of_row).into()))
    }

    /// Viewers' sessions that reach into the time, of those whom the filter leaves, the newest first; not for `nanoReadOnly`.
    #[graphql(
        name = "sessions",
        complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1"
    )]
    async fn sessions_within(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
    ) -> Result<Option<SessionConnection>> {
        let state = state(context);
        self.personal(state)?;
        let wanted = wanted(context, first, after.as_deref())?;
        let _turn = self.turn(state).await?;
        let connection = state.store.read();
        let page = pages::sessions(connection, &self.sessions(connection).await?, wanted).await?;
        let key = |row: &session::Model| SessionId::from_uuid(row.id).to_string();
        Ok(Some(
            Part::of(page, key, |row| Session::of_row(state, row, true)).into(),
        ))
    }

    /// A metric over time, those with most first, 20 at most.
    async fn timeseries(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What.")] metric: Metric,
        #[graphql(desc = "In which steps; 2000 at most.")] interval: Interval,
        #[graphql(desc = "By what it is taken apart; by nothing unless said.")] group_by: Option<Dimension>,
    ) -> Result<Vec<Series>> {
        let (state, span) = (state(context), self.span()?);
        let _turn = self.turn(state).await?;
        let chart = chart(metric, interval, group_by);
        let series = series::over_time(state.store.read(), span, chart, SERIES).await?;
        Ok(series.into_iter().map(Series::of).collect())
    }

    /// A metric taken apart, the most first. Where the filter names more than a stream and a protocol: sessions that reach
    /// into the time, or how long they took in it.
    async fn breakdown(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What.")] metric: Metric,
        #[graphql(desc = "By what.")] by: Dimension,
        #[graphql(desc = "How many, 500 at most.", default = 50)] first: i32,
    ) -> Result<Vec<Bucket>> {
        let (state, first) = (state(context), few(first)?);
        let _turn = self.turn(state).await?;
        let connection = state.store.read();
        let values = if self.is_summed() {
            series::breakdown(connection, self.span()?, metric.into(), by.into(), first).await?
        } else {
            self.taken_apart(connection, metric, by, first).await?
        };
        Ok(values.into_iter().map(Bucket::of).collect())
    }

    /// The most viewers' sessions at once within the time, of those whom the filter leaves: of a stream, a country and so on.
    /// Exactly, not by samples.
    async fn max_concurrency(&self, context: &Context<'_>) -> Result<i32> {
        let state = state(context);
        let _turn = self.turn(state).await?;
        let connection = state.store.read();
        let most = concurrency::most_of_all(connection, &self.sessions(connection).await?).await?;
        Ok(super::count(u64::try_from(most).unwrap_or(0)))
    }

    /// Sessions that began, by country.
    async fn world(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Of whom.", default_with = "WorldMetric::Playback")] metric: WorldMetric,
    ) -> Result<Vec<CountryValue>> {
        Ok(self.by_country(state(context), metric).await?)
    }

    /// How well players played, by their own account: together, or taken apart.
    async fn quality(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "By what; by nothing unless said.")] by: Option<QualityDimension>,
        #[graphql(desc = "How many, 500 at most.", default = 50)] first: i32,
        #[graphql(desc = "In which order; by how long pictures moved unless said.")] order_by: Option<QualityOrder>,
        #[graphql(desc = "Which end comes first; the most, or the longest, unless said.")] direction: Option<
            OrderDirection,
        >,
    ) -> Result<Vec<PlayerQuality>> {
        let order = ordering(order_by, direction);
        Ok(self.quality_by(state(context), by, order, few(first)?).await?)
    }

    /// How well players played over time, by their own account.
    async fn quality_over_time(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "In which steps; 2000 at most.")] interval: Interval,
    ) -> Result<Vec<QualityPoint>> {
        let (state, span) = (state(context), self.span()?);
        let _turn = self.turn(state).await?;
        let steps = quality::over_time(state.store.read(), span, interval.seconds()).await?;
        Ok(steps.into_iter().map(QualityPoint::of).collect())
    }

    /// Refusals taken apart, the most first.
    async fn denials(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "By what.", default_with = "Dimension::Reason")] by: Dimension,
        #[graphql(desc = "How many, 500 at most.", default = 50)] first: i32,
    ) -> Result<Vec<Bucket>> {
        let (state, span, first) = (state(context), self.span()?, few(first)?);
        let _turn = self.turn(state).await?;
        let values = series::breakdown(state.store.read(), span, What::Denials, by.into(), first).await?;
        Ok(values.into_iter().map(Bucket::of).collect())
    }
}

impl Indicator {
    pub(crate) fn of(row: finding::Model) -> Self {
        Self {
            code: row.indicator,
            weight: row.points,
            evidence: row.evidence,
        }
    }

    /// What a score is made of, in a cell.
    pub(super) fn listed(indicators: &[Self]) -> String {
        let all: Vec<_> = indicators
            .iter()
            .map(|one| format!("{} (+{}): {}", one.code, one.weight, one.evidence))
            .collect();
        all.join("; ")
    }
}

const UNSUPPORTED: Fault = Fault::Invalid(
    "sums and series can be of a stream and a protocol only, what is taken apart beyond that by sessions or how long was watched, findings of all",
);

/// What was watched is told every ten seconds, and written down soon afterwards.
const BEHIND: Duration = Duration::from_secs(15);
/// As many as a chart can show.
const SERIES: u64 = 20;

/// A metric over time, as it is asked for.
pub(crate) fn chart(metric: Metric, interval: Interval, by: Option<Dimension>) -> Chart {
    Chart {
        metric: metric.into(),
        step_s: interval.seconds(),
        by: by.map(Into::into),
    }
}

fn few(first: i32) -> Result<u64, Fault> {
    let first = u64::try_from(first).ok().filter(|first| *first <= 500);
    first.ok_or(Fault::Invalid("`first` is 0 to 500"))
}
