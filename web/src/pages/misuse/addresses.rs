//! The IP view: what was watched from each address.

use std::future::Future;

use leptos::prelude::*;

use super::{
    act::{BlockButton, Ways},
    address::Panel,
    block::Reach,
    parts::{Open, Score, lasted},
    place::Place,
    view::{Column, Row, whole},
};
use crate::{
    api::{
        client::Api,
        failure::Failure,
        misuse::{self, AddressUsage, AddressUsageOrder, Part},
        page::Page,
    },
    country,
    kit::{Badge, Name, Tone, When},
    time,
};

/// The view.
#[component]
pub(crate) fn IpView() -> impl IntoView {
    whole::<AddressUsage>()
}

impl Row for AddressUsage {
    type Order = AddressUsageOrder;
    const FIRST: AddressUsageOrder = AddressUsageOrder::Score;
    const PATH: &'static str = "/misuse/addresses";
    const TITLE: &'static str = "IP view";
    const LEAD: &'static str = "What was watched from each address, those that look like misuse first.";
    const TABLE: &'static str = "address-usage";
    const COLUMNS: &'static [Column<AddressUsageOrder>] = &[
        Column::of(AddressUsageOrder::Ip, "ip", "IP", true),
        Column::of(AddressUsageOrder::DurationSum, "duration", "Duration sum", false),
        Column::of(AddressUsageOrder::DurationAvg, "average", "Duration average", false),
        Column::of(AddressUsageOrder::Sessions, "sessions", "Sessions", false),
        Column::of(AddressUsageOrder::Streams, "streams", "Streams", false),
        Column::of(AddressUsageOrder::Tokens, "tokens", "Tokens", false),
        Column::of(AddressUsageOrder::Tags, "tags", "Tags", false),
        Column::of(AddressUsageOrder::Provider, "provider", "Provider", true),
        Column::of(AddressUsageOrder::Country, "country", "Country", true),
        Column::of(AddressUsageOrder::FirstStart, "first", "First start", false),
        Column::of(AddressUsageOrder::LastEnd, "last-end", "Last end", false),
        Column::of(
            AddressUsageOrder::MaxConcurrency,
            "concurrency",
            "Max concurrency",
            false,
        ),
        Column::of(AddressUsageOrder::Score, "score", "Score", false),
    ];
    const LAST: (&'static str, &'static str) = ("Blocked", "Block");
    const SUBJECT: &'static str = "Address";

    fn page(
        api: Api,
        part: Part,
        order: AddressUsageOrder,
    ) -> impl Future<Output = Result<Page<Self>, Failure>> + 'static {
        misuse::addresses(api, part, order)
    }

    fn counted(total: i32) -> String {
        time::count(total, "address", "addresses")
    }

    fn panel(place: Place, subject: String, ways: Ways) -> AnyView {
        view! { <Panel place ip=subject ways/> }.into_any()
    }

    fn cells(self, place: Place, ways: Ways) -> AnyView {
        let reaches = reaches(&self);
        view! {
            <tr>
                <th scope="row"><Open place of=self.ip.clone()/></th>
                <td data-label="Duration sum" class="num">{lasted(self.duration_sum_s)}</td>
                <td data-label="Duration average" class="num">{lasted(self.duration_avg_s)}</td>
                <td data-label="Sessions" class="num">{self.sessions}</td>
                <td data-label="Streams" class="num">{self.streams}</td>
                <td data-label="Tokens" class="num">{self.tokens}</td>
                <td data-label="Tags">{self.tags.into_iter().map(|tag| view! { <span class="tag">{tag}</span> }).collect_view()}</td>
                <td data-label="Provider">{self.provider.map(|of| view! { <Name of/> })}</td>
                <td data-label="Country">{self.country.map(|code| country::name(&code))}</td>
                <td data-label="First start" class="soft"><When at=self.first_start/></td>
                <td data-label="Last end" class="soft">{match self.last_end {
                    Some(at) => view! { <When at/> }.into_any(),
                    None => "Watches now".into_any(),
                }}</td>
                <td data-label="Max concurrency" class="num">{self.max_concurrency}</td>
                <td data-label="Score" class="stay stay-score"><Score score=self.score indicators=self.indicators/></td>
                <td data-label="Blocked" class="stay stay-state">{if self.blocked { view! { <Badge tone=Tone::Bad text="Blocked"/> }.into_any() } else { "No".into_any() }}</td>
                <td class="acts stay stay-acts"><BlockButton ways reaches barred=barred(self.blocked)/></td>
            </tr>
        }
        .into_any()
    }
}

/// What a rule could look for, to keep that address out.
pub(super) fn reaches(row: &AddressUsage) -> Vec<Reach> {
    let asn = row.asn.map(|asn| asn.0);
    Reach::around(&row.ip, asn, row.provider.as_deref(), row.country.as_deref())
}

/// Why blocking would do nothing.
pub(super) fn barred(blocked: bool) -> Option<String> {
    blocked.then(|| "A rule keeps it out already: see the Guardian page.".to_owned())
}
