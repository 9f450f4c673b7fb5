//! What both panels are: a row of a view with everything that touches it.

use leptos::prelude::*;

use super::{
    act::Ways,
    addresses::UNKNOWN_NETWORKS,
    parts::{Indicators, Score, Values, pairs},
    place::Place,
    timeline::{Timeline, Watched, watched},
    view::Row,
};
use crate::{
    api::{
        client::Api,
        failure::Failure,
        misuse::{
            self, AddressGroup, AddressUsage, AddressUsageOrder, Apart, Bucket, Filter, Indicator, OrderDirection,
            Part, TimeRange,
        },
        page::Page,
        rules::Kind,
    },
    country,
};

/// What is known of one row of a view, within the time of the view.
#[derive(Clone, PartialEq)]
pub(super) struct Known<R> {
    /// The row itself; none where nothing was watched.
    pub(super) usage: Option<R>,
    /// Those with most sessions.
    pub(super) networks: Page<AddressUsage>,
    pub(super) apart: Apart,
    pub(super) sessions: Watched,
    /// What narrows a view to it.
    pub(super) filter: Filter,
}

/// So many rows of what a filter leaves, those with most first.
pub(super) fn part(range: &TimeRange, filter: &Filter, first: i32) -> Part {
    Part {
        range: range.clone(),
        filter: filter.clone(),
        first,
        after: None,
        direction: OrderDirection::Descending,
        group: AddressGroup::Address,
    }
}

/// Asks for it; `group`: what a row of the IP view is.
pub(super) async fn known<R: Row>(
    api: Api,
    range: &TimeRange,
    filter: &Filter,
    group: AddressGroup,
) -> Result<Known<R>, Failure> {
    let one = Part {
        group,
        ..part(range, filter, 1)
    };
    let usage = R::page(api, one, R::FIRST).await?;
    let networks = Part {
        group: AddressGroup::Network,
        ..part(range, filter, NETWORKS)
    };
    Ok(Known {
        usage: usage.nodes.into_iter().next(),
        networks: misuse::addresses(api, networks, AddressUsageOrder::Sessions).await?,
        apart: misuse::apart(api, range.clone(), filter.clone()).await?,
        sessions: watched(api, range.clone(), filter.clone()).await?,
        filter: filter.clone(),
    })
}

/// The way to a view of the same time, narrowed by `filter`; `group`: what a row of it is.
pub(super) fn view_of(place: Place, path: &str, filter: &Filter, group: &'static str) -> String {
    let Filter { jti, user, ip, asn, .. } = filter.clone();
    place.way(
        path,
        [
            ("jti", jti.map(cynic::Id::into_inner).unwrap_or_default()),
            ("user", user.unwrap_or_default()),
            ("ip", ip.unwrap_or_default()),
            ("asn", asn.map(|asn| asn.0.to_string()).unwrap_or_default()),
            ("group", group.to_owned()),
        ],
    )
}

/// What stands below a list that goes on elsewhere: of `many`, as far as that is known, how many more there are, and the way
/// to them.
pub(super) fn rest<T>(page: &Page<T>, many: Option<i32>, href: String) -> impl IntoView + use<T> {
    page.next.is_some().then(|| {
        let shown = i32::try_from(page.nodes.len()).unwrap_or(i32::MAX);
        let more = match many.map(|many| many.saturating_sub(shown)) {
            Some(more @ 1..) => format!("and {more} more: "),
            _ => "and more: ".to_owned(),
        };
        view! { <p class="soft chart-note">{more}<a href=href>"all in the view"</a></p> }
    })
}

/// Networks with their sessions, as a list of values has them.
fn named_networks(rows: Vec<AddressUsage>) -> Vec<(String, Bucket)> {
    let named = rows.into_iter().map(|row| {
        let name = row.provider.map(|name| format!(" {name}")).unwrap_or_default();
        let (label, name) = match row.asn {
            Some(asn) => (format!("AS{}{name}", asn.0), asn.0.to_string()),
            None => (UNKNOWN_NETWORKS.to_owned(), String::new()),
        };
        let value = f64::from(row.sessions);
        (label, Bucket { name, value })
    });
    named.collect()
}

/// The score, what it is made of, and the figures of the row.
#[component]
pub(super) fn Judged(score: i32, indicators: Vec<Indicator>, figures: Vec<(&'static str, String)>) -> impl IntoView {
    let sum: i32 = indicators.iter().map(|one| one.weight).sum();
    let capped = (sum > MOST).then(|| format!("{sum} together; a score is {MOST} at most."));
    view! {
        <section class="panel-part">
            <h3 class="line">"Score"<Score score indicators=indicators.clone()/></h3>
            <Indicators indicators/>
            {capped.map(|text| view! { <p class="soft">{text}</p> })}
        </section>
        {pairs(figures)}
    }
}

/// Networks, countries, referrers, players, streams and sessions, each with what can be done.
#[component]
pub(super) fn Touching(
    networks: Page<AddressUsage>,
    apart: Apart,
    sessions: Watched,
    /// The way to all of the networks.
    all_networks: String,
    ways: Ways,
) -> impl IntoView {
    let more = rest(&networks, None, all_networks);
    let networks = named_networks(networks.nodes);
    let named = |buckets: Vec<Bucket>| {
        let named = buckets.into_iter().map(|one| (one.name.clone(), one));
        named.collect::<Vec<_>>()
    };
    let countries = apart.countries.into_iter();
    let countries = countries.map(|one| (country::name(&one.name), one)).collect();
    view! {
        <Values title="Networks" values=networks kind=Kind::Asn ways/>
        {more}
        <Values title="Countries" values=countries kind=Kind::Country ways/>
        <Values title="Referrers" values=named(apart.referrers) kind=Kind::Referrer ways unknown="No referrer"/>
        <Values title="Players" values=named(apart.agents) kind=Kind::UserAgent ways unknown="No name"/>
        <Values title="Streams" values=named(apart.streams) ways/>
        <Timeline sessions ways/>
    }
}

/// No score is higher.
const MOST: i32 = 100;

/// So many networks stand in a panel.
const NETWORKS: i32 = 20;
