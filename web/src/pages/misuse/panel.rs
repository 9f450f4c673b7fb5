//! What both panels are: a row of a view with everything that touches it.

use leptos::prelude::*;

use super::{
    act::Ways,
    parts::{Indicators, Score, Values, pairs},
    timeline::{Timeline, Watched, watched},
    view::Row,
};
use crate::{
    api::{
        client::Api,
        failure::Failure,
        misuse::{self, AddressGroup, Apart, Bucket, Filter, Indicator, OrderDirection, Part, TimeRange},
        rules::Kind,
    },
    country,
};

/// What is known of one row of a view, within the time of the view.
#[derive(Clone, PartialEq)]
pub(super) struct Known<R> {
    /// The row itself; none where nothing was watched.
    pub(super) usage: Option<R>,
    pub(super) apart: Apart,
    pub(super) sessions: Watched,
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

/// Asks for it.
pub(super) async fn known<R: Row>(api: Api, range: &TimeRange, filter: &Filter) -> Result<Known<R>, Failure> {
    let usage = R::page(api, part(range, filter, 1), R::FIRST).await?;
    Ok(Known {
        usage: usage.nodes.into_iter().next(),
        apart: misuse::apart(api, range.clone(), filter.clone()).await?,
        sessions: watched(api, range.clone(), filter.clone()).await?,
    })
}

/// The score, what it is made of, and the figures of the row.
#[component]
pub(super) fn Judged(score: i32, indicators: Vec<Indicator>, figures: Vec<(&'static str, String)>) -> impl IntoView {
    view! {
        <section class="panel-part">
            <h3 class="line">"Score"<Score score indicators=indicators.clone()/></h3>
            <Indicators indicators/>
        </section>
        {pairs(figures)}
    }
}

/// Networks, countries, referrers, players, streams and sessions, each with what can be done.
#[component]
pub(super) fn Touching(networks: Vec<(String, Bucket)>, apart: Apart, sessions: Watched, ways: Ways) -> impl IntoView {
    let named = |buckets: Vec<Bucket>| {
        let named = buckets.into_iter().map(|one| (one.name.clone(), one));
        named.collect::<Vec<_>>()
    };
    let countries = apart.countries.into_iter();
    let countries = countries.map(|one| (country::name(&one.name), one)).collect();
    view! {
        <Values title="Networks" values=networks kind=Kind::Asn ways/>
        <Values title="Countries" values=countries kind=Kind::Country ways/>
        <Values title="Referrers" values=named(apart.referrers) kind=Kind::Referrer ways unknown="No referrer"/>
        <Values title="Players" values=named(apart.agents) kind=Kind::UserAgent ways unknown="No name"/>
        <Values title="Streams" values=named(apart.streams) ways/>
        <Timeline sessions ways/>
    }
}
